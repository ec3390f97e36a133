// The words of a stick table's line, wherever it stands.
#pragma once

#include <optional>

#include "proxyd/config/reading.h"

namespace proxyd::config {

// Nothing after a complaint. `peers` has no meaning here.
std::optional<state::StickTableSettings> parse_stick_table(Reading& in, const Statement& line);

}  // namespace proxyd::config
