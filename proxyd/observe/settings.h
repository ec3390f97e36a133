// What `log`, `log-format`, `log-tag` and the logging options say. Filled by config/.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "common/error.h"
#include "proxyd/rules/log_profile.h"
#include "proxyd/rules/logs/format.h"

namespace proxyd::observe {

// RFC 5424 severities, 0 = emerg .. 7 = debug; facilities 0..23.
struct LogTarget {
    common::Location where;
    enum class Kind : unsigned char { udp, unix_datagram, descriptor, file, ring } kind = Kind::udp;
    common::Endpoint address;  // udp, unix_datagram; empty while `host` waits to be resolved
    std::string host;          // udp: a name instead of an address, resolved when the target is opened
    std::uint16_t port = 514;  // of `host`
    int descriptor = -1;       // stdout 1, stderr 2, fd@N
    std::string path;          // file: ours, reopened on SIGHUP
    std::string ring;          // the name of a section
    enum class Format : unsigned char {
        rfc3164,
        rfc5424,
        raw,
        short_,
        timed,
        iso,
        priority,
        local
    } format = Format::local;
    bool format_given = false;  // else log-send-hostname turns local into rfc3164
    int facility = 16;          // local0
    int max_level = 7;          // only severities <= this
    int min_level = 0;          // lines more severe than this are sent as this
    std::size_t max_length = 1024;
    // `sample 1,3-5:8`: of every sample_size lines those whose 1-based number lies in a range. 0: all.
    std::vector<std::pair<int, int>> sample_ranges;
    int sample_size = 0;
    std::string profile_name;                               // `profile`
    std::shared_ptr<const rules::LogProfile> profile = {};  // null: lines look as the section says
};

// The words after `log`: ADDRESS [len N] [format F] [sample RANGES:SIZE] FACILITY [LEVEL [MINLEVEL]]. ADDRESS
// is IP[:PORT], [IPV6]:PORT, a host name, /PATH of a datagram socket, stdout, stderr, fd@N, ring@NAME, or
// ours: file@/PATH. Errors are sentences that name the word. `log global` and `no log` are the caller's.
common::Result<LogTarget> parse_log_target(std::span<const std::string> words, common::Location where);

// Names of facilities and levels, by number ("local0" = 16, "info" = 6); -1 when unknown.
int facility_number(std::string_view name);
int level_number(std::string_view name);

struct LogSettings {
    std::vector<LogTarget> targets;  // of this section, `log global` expanded
    rules::LogFormat format;         // of httplog, tcplog or log-format
    rules::LogFormat error_format;   // error-log-format, may be empty
    rules::LogFormat data_format;    // log-format-sd: structured data of RFC 5424; empty: none
    std::string tag;                 // log-tag, default "proxyd"
    std::string hostname;            // log-send-hostname; empty: local format for targets that name none
    bool dontlognull = false;
    bool dontlog_normal = false;
    bool separate_errors = false;
    bool logasap = false;
    unsigned steps = 0;  // log-steps: bits 1 << LogStep; 0: not given, a line at the end
    bool errors_unsaid =
        false;  // neither a format nor an option for one: as HAProxy, no lines of failed connections
};

}  // namespace proxyd::observe
