// A `cache` section (configuration manual 6.2.1). Filled by config/.
#pragma once

#include <cstdint>
#include <string>

#include "common/diagnostics.h"

namespace proxyd::cache {

struct Settings {
    std::string name;
    common::Location where;      // line 0: a rule names it, no section declared it yet
    common::Location mentioned;  // of the first rule that names it
    std::size_t index = 0;       // into state::SharedState::caches

    std::uint64_t total_size = 0;  // bytes
    std::uint64_t max_object = 0;  // bytes, head and body; 0: a 256th of the total
    std::int64_t max_age = 60;     // seconds, whatever the response says
    bool process_vary = false;
    std::size_t max_variants = 10;  // of one address (max-secondary-entries)

    std::uint64_t object_limit() const { return max_object != 0 ? max_object : total_size / 256; }
};

}  // namespace proxyd::cache
