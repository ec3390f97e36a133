#include "proxyd/cache/variant.h"

#include "common/text.h"
#include "proxyd/http/compression.h"
#include "proxyd/http/elements.h"

namespace proxyd::cache {

namespace {

using common::iequals;

// https://www.iana.org/assignments/http-parameters; x-gzip and x-compress are old names (RFC 9110 section
// 8.4.1).
struct CodingRow {
    std::string_view name;
    Codings bit;
};
constexpr Codings kIdentity = 1U << 0, kUnknown = 1U << 31;
constexpr CodingRow kCodings[] = {
    {"identity", kIdentity}, {"gzip", 1U << 1}, {"x-gzip", 1U << 1},       {"compress", 1U << 2},
    {"x-compress", 1U << 2}, {"br", 1U << 3},   {"deflate", 1U << 4},      {"zstd", 1U << 5},
    {"aes128gcm", 1U << 6},  {"exi", 1U << 7},  {"pack200-gzip", 1U << 8}, {"dcb", 1U << 9},
    {"dcz", 1U << 10},
};

Codings coding_bit(std::string_view name) {
    for (const CodingRow& row : kCodings)
        if (iequals(row.name, name)) return row.bit;
    return kUnknown;
}

// Identity is acceptable unless it is refused by name, as HAProxy has it.
Codings accepted_codings(const http::Fields& request) {
    Codings accepted = 0, refused = 0;
    bool any = false;
    http::for_each_element(request, "accept-encoding", [&](std::string_view element) {
        const std::string_view name = common::trim(element.substr(0, element.find(';')));
        const bool wanted = http::quality(element) > 0;
        if (name == "*")
            accepted |= wanted ? ~Codings{0} : 0;
        else
            (wanted ? accepted : refused) |= coding_bit(name);
        any = true;
    });
    return any ? (accepted | kIdentity) & ~refused : ~Codings{0};
}

std::string_view first_value(const http::Fields& fields, std::string_view name) {
    const http::Field* field = fields.find(name);
    return field != nullptr ? field->value : std::string_view();
}

}  // namespace

RequestTraits traits_of(const http::Fields& request) {
    return {accepted_codings(request), first_value(request, "referer"), first_value(request, "origin")};
}

std::optional<Variant> variant_of(const http::Fields& response, const RequestTraits& traits) {
    Variant out;
    bool managed = true;
    http::for_each_element(response, "vary", [&](std::string_view element) {
        if (iequals(element, "accept-encoding"))
            out.by_encoding = true;
        else if (iequals(element, "referer"))
            out.by_referer = true;
        else if (iequals(element, "origin"))
            out.by_origin = true;
        else
            managed = false;
    });
    if (!managed) return std::nullopt;
    if (out.by_referer) out.referer = traits.referer;
    if (out.by_origin) out.origin = traits.origin;
    if (!out.by_encoding) return out;
    http::for_each_element(response, "content-encoding",
                           [&](std::string_view element) { out.codings |= coding_bit(element); });
    if (out.codings == 0) out.codings = kIdentity;
    if ((out.codings & kUnknown) != 0) return std::nullopt;
    return out;
}

}  // namespace proxyd::cache
