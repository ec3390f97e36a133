// Words of `log` lines as tables: facilities, levels, formats (configuration manual 4.2 "log", RFC 5424
// section 6.2.1).
#pragma once

#include <array>
#include <string_view>

#include "proxyd/observe/settings.h"

namespace proxyd::observe {

// In the order of their numbers.
inline constexpr std::array<std::string_view, 24> kFacilities{
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
inline constexpr std::array<std::string_view, 8> kLevels{"emerg",   "alert",  "crit", "err",
                                                         "warning", "notice", "info", "debug"};

struct FormatRow {
    std::string_view name;
    LogTarget::Format format;
};
inline constexpr std::array kFormats{
    FormatRow{"local", LogTarget::Format::local},     FormatRow{"rfc3164", LogTarget::Format::rfc3164},
    FormatRow{"rfc5424", LogTarget::Format::rfc5424}, FormatRow{"priority", LogTarget::Format::priority},
    FormatRow{"short", LogTarget::Format::short_},    FormatRow{"timed", LogTarget::Format::timed},
    FormatRow{"iso", LogTarget::Format::iso},         FormatRow{"raw", LogTarget::Format::raw},
};

}  // namespace proxyd::observe
