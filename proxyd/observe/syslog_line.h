// One log line for one target: the header of its format, the text cut to the target's length, a line feed.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxyd/observe/settings.h"

namespace proxyd::observe {

struct LineSource {
    std::string_view tag;
    std::string_view hostname;  // empty: "localhost" (RFC 3164) or "-" (RFC 5424), as HAProxy writes
    std::int64_t pid = 0;
    std::int64_t wall_us = 0;  // CLOCK_REALTIME
};

// Appends the line. Control of the level (max, min) is the caller's.
void append_line(const LogTarget& target, LogTarget::Format format, int level, const LineSource& source,
                 std::string_view text, std::string& out);

// local, unless the target chose a format or log-send-hostname asks for rfc3164.
LogTarget::Format effective_format(const LogTarget& target, std::string_view hostname);

}  // namespace proxyd::observe
