// Vary (RFC 9111 section 4.1), as far as it is managed: Accept-Encoding, Referer and Origin (configuration
// manual 6.2.1, process-vary). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxyd/http/message.h"

namespace proxyd::cache {

// A set of content codings: those that IANA lists, and one bit for all others.
using Codings = std::uint32_t;

// What a request brings that variants are chosen by. Views into the request or its arena.
struct RequestTraits {
    Codings accepted = ~Codings{0};
    std::string_view referer, origin;
};
RequestTraits traits_of(const http::Fields& request);

// What a stored response is good for.
struct Variant {
    bool by_encoding = false, by_referer = false, by_origin = false;
    Codings codings = 0;          // of the body; all must be accepted
    std::string referer, origin;  // of the request that it answered

    bool any() const { return by_encoding || by_referer || by_origin; }
    bool same_rule(const Variant& other) const {
        return by_encoding == other.by_encoding && by_referer == other.by_referer &&
               by_origin == other.by_origin;
    }
    bool fits(const RequestTraits& traits) const {
        return (!by_encoding || (codings & traits.accepted) == codings) &&
               (!by_referer || referer == traits.referer) && (!by_origin || origin == traits.origin);
    }
    bool operator==(const Variant&) const = default;
};

// Of a response to a request with these traits. Nothing: it varies by something else, or by an encoding that
// nobody knows.
std::optional<Variant> variant_of(const http::Fields& response, const RequestTraits& traits);

}  // namespace proxyd::cache
