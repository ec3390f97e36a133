#include "proxyd/cache/object.h"

#include <chrono>
#include <utility>

#include "common/text.h"

namespace proxyd::cache {

namespace {

using http::Field;
using http::FieldId;

// Age is counted by us; what Connection named the parser has taken out.
bool is_of_the_connection(const Field& field) {
    switch (field.id) {
        case FieldId::connection:
        case FieldId::proxy_connection:
        case FieldId::keep_alive:
        case FieldId::te:
        case FieldId::trailer:
        case FieldId::upgrade:
            return true;
        default:
            return common::iequals(field.name, "age");
    }
}

}  // namespace

void Object::keep_head(const http::Message& response) {
    reason = response.reason;
    std::vector<std::pair<std::size_t, const Field*>> kept;  // where in `head`
    for (const Field& field : response.fields.all()) {
        if (is_of_the_connection(field)) continue;
        kept.emplace_back(head.size(), &field);
        head.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    head.shrink_to_fit();
    fields.reserve(kept.size());
    for (const auto& [at, field] : kept) {
        const std::string_view raw =
            std::string_view(head).substr(at, field->name.size() + field->value.size() + 4);
        const std::string_view name = raw.substr(0, field->name.size());
        const std::string_view value = raw.substr(name.size() + 2, field->value.size());
        fields.push_back({name, value, raw, field->id});
        if (etag.empty() && common::iequals(name, "etag")) etag = value;
    }
}

void Object::fill(http::Message& response) const {
    response.is_request = false;
    response.status = 200;
    response.reason = reason;
    response.version = http::Version::http_1_1;
    response.framing = framing;
    response.content_length = body.size();
    for (const Field& field : fields) response.fields.append(field);
}

std::uint64_t Object::bytes() const {
    return sizeof *this + key.capacity() + head.capacity() + body.capacity() + reason.capacity() +
           variant.referer.capacity() + variant.origin.capacity() + fields.capacity() * sizeof(Field);
}

std::int64_t steady_seconds() {
    using namespace std::chrono;
    return duration_cast<seconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace proxyd::cache
