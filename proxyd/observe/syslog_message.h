// Syslog messages of others, taken apart and put together in another format (RFC 3164, RFC 5424), and how
// they are cut out of a stream (RFC 6587). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxyd/observe/settings.h"

namespace proxyd::observe {

// Views into the message. What is not there, or nil, is empty.
struct SyslogMessage {
    int priority = -1;       // -1: none
    bool versioned = false;  // RFC 5424
    std::string_view date;   // "Oct 11 22:14:15", or RFC 3339 when versioned
    std::string_view host, app, pid, id, data, text;
};
// Whatever the bytes are: the text is what is left. A line end at their end does not count.
SyslogMessage parse_syslog(std::string_view bytes);

// Appends it as `target` wants it, cut to its length, with a line end; without a format of its own in the
// form it came in.
void append_syslog(const LogTarget& target, const SyslogMessage& message, std::int64_t wall_us,
                   std::string& out);

enum class SyslogFrame : unsigned char { done, need_more, error };
inline constexpr std::size_t kLongestSyslog = 65535;
// The next message of a stream: "<octets> <message>" or a line. An error: it is too long.
SyslogFrame take_syslog(std::string_view input, std::string_view& message, std::size_t& consumed);

}  // namespace proxyd::observe
