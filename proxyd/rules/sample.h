// A typed value taken from an exchange, and the casts between types (configuration manual 7.3, matrix
// of 7.1). Small and copied by value; text is a view into the message, the arena or the configuration.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/arena.h"
#include "common/endpoint.h"

namespace proxyd::rules {

enum class SampleType : std::uint8_t { any, boolean, integer, ipv4, ipv6, address, string, binary };
// `any` and `address` (either family) only describe rows; a sample itself never has them.

struct Sample {
    SampleType type = SampleType::boolean;
    std::int64_t number = 0;                 // boolean (0 or 1), integer
    std::array<std::uint8_t, 16> address{};  // ipv4: the first four, network order
    std::string_view text;                   // string, binary

    void set_bool(bool value) { type = SampleType::boolean, number = value; }
    void set_int(std::int64_t value) { type = SampleType::integer, number = value; }
    void set_text(std::string_view value) { type = SampleType::string, text = value; }
    void set_binary(std::string_view value) { type = SampleType::binary, text = value; }
    bool set_address(const common::Endpoint& endpoint);  // false unless IP

    bool is_text() const { return type == SampleType::string || type == SampleType::binary; }
    bool is_address() const { return type == SampleType::ipv4 || type == SampleType::ipv6; }
};

// Room for the text form of numbers and addresses.
using TextBuffer = std::array<char, 48>;

// The sample as text: itself, or rendered into `buffer`. Booleans are "1" and "0".
std::string_view to_text(const Sample& sample, TextBuffer& buffer);

// HAProxy's casts. False: this type cannot become that one, or the value does not say one. `arena` may be
// null, then numbers and addresses cannot become text.
bool cast(Sample& sample, SampleType to, common::Arena* arena);

// Leading decimal digits with an optional sign, saturating, 0 without digits (as HAProxy reads header
// values).
std::int64_t leading_number(std::string_view text);

// "192.0.2.1", "2001:db8::1" in full forms only; false for anything else.
bool parse_ip(std::string_view text, Sample& out);

// The IPv4 address inside ::ffff:a.b.c.d, ::a.b.c.d or 2002:aabb:ccdd::, as the IP matching of 7.1.6 wants
// it.
bool embedded_v4(const Sample& v6, Sample& out);
// ::ffff:a.b.c.d
void map_to_v6(Sample& v4);

std::string_view name_of(SampleType type);

}  // namespace proxyd::rules
