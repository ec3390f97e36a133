// Reads keepalived.conf and everything it includes. Tolerant as keepalived is: what is not understood is
// skipped with a warning, a number out of range becomes its default. An error in the diagnostics means that
// the file is refused: nothing may be started from the Config that came with it. Not thread-safe with respect
// to `diagnostics`.
#pragma once

#include <string>
#include <string_view>

#include "common/diagnostics.h"
#include "vrrpd/config/model.h"

namespace vrrpd::config {

// More than any keeper needs, and little enough that a wrong file costs nothing.
inline constexpr std::size_t kMaxFileSize = 4 * 1024 * 1024;  // with all includes
inline constexpr std::size_t kMaxLines = 200'000;             // blank and comment lines do not count
inline constexpr std::size_t kMaxComplaints = 1000;           // then reading stops with an error

struct LoadOptions {
    std::string config_id;      // `-i ID` for @ID lines; empty: first part of the node name
    bool all_includes = false;  // `-e`: as if the file began with include_check
};

Config load(const std::string& path, const LoadOptions& options, common::Diagnostics& diagnostics);

// The same from memory; includes are relative to the directory of `name`. For tests and fuzzing.
Config load_text(std::string_view text, const std::string& name, const LoadOptions& options,
                 common::Diagnostics& diagnostics);

// `vrrpd --keywords`: one line per keyword: where it stands, its name, whether it has an effect yet, help.
std::string keyword_reference();

}  // namespace vrrpd::config
