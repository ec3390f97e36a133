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
    std::int64_t wall_us = 0;    // CLOCK_REALTIME
    std::string_view data = {};  // structured data of RFC 5424; empty: none
};

// Appends the line. Control of the level (max, min) is the caller's.
void append_line(const LogTarget& target, LogTarget::Format format, int level, const LineSource& source,
                 std::string_view text, std::string& out);

// "2026-11-22T15:12:09.137323+00:00"
void append_iso_date(std::int64_t wall_us, std::string& out);

// Whether a target that takes samples wants this line; `turn` counts the lines.
bool in_sample(const LogTarget& target, unsigned turn);

// local, unless the target chose a format or log-send-hostname asks for rfc3164.
LogTarget::Format effective_format(const LogTarget& target, std::string_view hostname);

}  // namespace proxyd::observe
