// track_file: the number in a file, and its first value (keepalived.conf(5), "Track files").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"

namespace vrrpd::io {

// As strtol(3) with base 0 reads it ("7", "-3", "0x10"; blanks before, anything behind); text without a
// number is 0. Nothing: the number does not fit 32 bits, and keepalived keeps the former one.
std::optional<std::int32_t> parse_track_value(std::string_view text);

// The beginning of a regular file; empty where there is none. Fails where it cannot be read.
common::Result<std::string> read_track_file(const std::string& path);

// init_file: writes the value where there is no file yet, or in any case. A symbolic link to nowhere is no
// file.
common::Result<> init_track_file(const std::string& path, std::int32_t value, bool overwrite);

}  // namespace vrrpd::io
