#include "proxyd/cache/policy.h"

#include <algorithm>
#include <charconv>

#include "common/text.h"
#include "proxyd/http/date.h"
#include "proxyd/http/elements.h"

namespace proxyd::cache {

namespace {

using common::iequals;
using http::Field;
using http::FieldId;
using http::Fields;

// Larger numbers mean this (RFC 9111 section 1.2.2).
constexpr std::int64_t kLongest = 0x7fffffff;

struct Directive {
    std::string_view name, value;  // the value without quotes
};

Directive directive_of(std::string_view element) {
    const std::size_t equals = element.find('=');
    Directive out{element.substr(0, equals), {}};
    if (equals == std::string_view::npos) return out;
    out.value = element.substr(equals + 1);
    if (out.value.starts_with('"')) out.value.remove_prefix(1);
    if (out.value.ends_with('"')) out.value.remove_suffix(1);
    return out;
}

template <class Use>
void for_each_directive(const Fields& fields, Use use) {
    http::for_each_element(fields, "cache-control",
                           [&](std::string_view element) { use(directive_of(element)); });
}

// Seconds; nothing when it is no number.
std::optional<std::int64_t> delta_seconds(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range && text.front() != '-') return kLongest;
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return std::min(value, kLongest);
}

bool says_no_cache(const Fields& fields) {
    const Field* pragma = fields.find("pragma");
    return pragma != nullptr && iequals(pragma->value, "no-cache");
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [&](std::string_view each) { return iequals(name, each); });
}

// What Cache-Control of a response says.
struct Control {
    bool allowed = true;
    bool dated = false;  // max-age or s-maxage is there
    bool broken = false;
    std::optional<std::int64_t> max_age, shared_max_age;
};

Control read_control(const Fields& fields) {
    Control out;
    for_each_directive(fields, [&](const Directive& each) {
        if (iequals(each.name, "public")) out.allowed = true;
        // `no-cache="set-cookie"` too: fields are not left out of what is stored.
        if (is_one_of(each.name, {"private", "no-cache", "no-store"})) out.allowed = false;
        const bool shared = iequals(each.name, "s-maxage");
        if (!shared && !iequals(each.name, "max-age")) return;
        const auto seconds = delta_seconds(each.value);
        out.dated = true;
        out.broken |= !seconds;
        if (seconds && *seconds == 0) out.allowed = false;
        (shared ? out.shared_max_age : out.max_age) = seconds;
    });
    return out;
}

// What its sender grants; nothing when it says nothing, 0 when the time is over or unreadable.
std::optional<std::int64_t> granted(const Control& control, const Fields& fields, std::int64_t wall_now) {
    if (control.shared_max_age) return control.shared_max_age;
    if (control.max_age) return control.max_age;
    const Field* expires = fields.find("expires");
    if (expires == nullptr) return std::nullopt;
    return std::clamp<std::int64_t>(http::parse_date(expires->value).value_or(0) - wall_now, 0, kLongest);
}

bool has_validator(const Fields& fields) {
    return fields.find("etag") != nullptr || fields.find("last-modified") != nullptr;
}

// The next entity tag of a list; commas within quotes belong to it.
std::string_view next_tag(std::string_view& rest) {
    std::size_t end = 0;
    for (bool quoted = false; end < rest.size() && (quoted || rest[end] != ','); ++end)
        if (rest[end] == '"') quoted = !quoted;
    const std::string_view tag = common::trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return tag;
}

// Weak comparison (RFC 9110 section 8.8.3.2).
bool same_tag(std::string_view a, std::string_view b) {
    for (std::string_view* each : {&a, &b})
        if (each->starts_with("W/")) each->remove_prefix(2);
    return a == b && a.size() >= 2 && a.starts_with('"') && a.ends_with('"');
}

}  // namespace

RequestPolicy judge_request(const http::Message& request) {
    using http::Method;
    if (request.version == http::Version::http_1_0 || request.fields.find(FieldId::authorization)) return {};
    if (request.method != Method::get && request.method != Method::head) return {};
    RequestPolicy policy{true, request.method == Method::get};
    for_each_directive(request.fields, [&](const Directive& each) {
        if (is_one_of(each.name, {"no-cache", "max-age", "max-stale", "min-fresh"})) policy.may_use = false;
        if (iequals(each.name, "no-store")) policy.may_store = false;
    });
    if (!request.fields.find(FieldId::cache_control) && says_no_cache(request.fields)) policy.may_use = false;
    return policy;
}

std::optional<Freshness> judge_response(const http::Message& response, std::int64_t wall_now,
                                        std::int64_t max_age) {
    const Fields& fields = response.fields;
    if (response.status != 200 || says_no_cache(fields)) return std::nullopt;
    const Control control = read_control(fields);
    if (!control.allowed || control.broken) return std::nullopt;
    const auto lifetime = granted(control, fields, wall_now);
    if (!lifetime && !has_validator(fields)) return std::nullopt;
    std::int64_t age = 0;
    if (const Field* field = fields.find("age")) {
        const auto seconds = delta_seconds(field->value);
        if (!seconds) return std::nullopt;
        age = *seconds;
    }
    const std::int64_t left = std::min(lifetime ? *lifetime - age : max_age, max_age);
    if (left <= 0) return std::nullopt;
    return Freshness{left, age};
}

bool invalidates(http::Method method, int status) {
    using http::Method;
    const bool safe = method == Method::get || method == Method::head || method == Method::options ||
                      method == Method::trace;
    return !safe && status >= 200 && status < 400;
}

std::int64_t last_modified(const Fields& response, std::int64_t wall_now) {
    for (const std::string_view name : {"last-modified", "date"})
        if (const Field* field = response.find(name))
            if (const auto time = http::parse_date(field->value)) return *time;
    return wall_now;
}

bool not_modified(const http::Message& request, std::string_view etag, std::int64_t modified) {
    bool asked = false;
    for (const Field& field : request.fields.all()) {
        if (!iequals(field.name, "if-none-match")) continue;
        asked = true;
        for (std::string_view rest = field.value; !rest.empty();) {
            const std::string_view tag = next_tag(rest);
            if (tag == "*" || same_tag(tag, etag)) return true;
        }
    }
    if (asked) return false;
    const Field* since = request.fields.find("if-modified-since");
    const auto time = since != nullptr ? http::parse_date(since->value) : std::nullopt;
    return time && modified <= *time;
}

}  // namespace proxyd::cache
