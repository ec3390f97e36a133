// Values of structured log lines: JSON (RFC 8259) and CBOR (RFC 8949), as `%{+json}o` and `%{+cbor}o` of
// HAProxy 3.0 ask for them. Everything appends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxyd/rules/sample.h"

namespace proxyd::rules {

enum class Encoding : unsigned char { none, json, cbor };

void encode_null(Encoding encoding, std::string& out);
void encode_bool(bool value, Encoding encoding, std::string& out);
void encode_number(std::int64_t value, Encoding encoding, std::string& out);
void encode_text(std::string_view text, Encoding encoding, std::string& out);
// By the sample's type: addresses are text, binary samples too in JSON.
void encode_sample(const Sample& sample, Encoding encoding, std::string& out);

// An object of named values: begin, then a name and a value each, then end.
void begin_object(Encoding encoding, std::string& out);
void encode_name(std::string_view name, bool first, Encoding encoding, std::string& out);
void end_object(Encoding encoding, std::string& out);

}  // namespace proxyd::rules
