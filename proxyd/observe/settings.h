// What `log`, `log-format`, `log-tag` and the logging options say. Filled by config/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/rules/log_format.h"

namespace proxyd::observe {

// RFC 5424 severities, 0 = emerg .. 7 = debug; facilities 0..23.
struct LogTarget {
    common::Location where;
    enum class Kind : unsigned char { udp, unix_datagram, descriptor, file } kind = Kind::udp;
    common::Endpoint address;  // udp, unix_datagram
    int descriptor = -1;       // stdout 1, stderr 2, fd@N
    std::string path;          // file: ours, reopened on SIGHUP
    enum class Format : unsigned char { rfc3164, rfc5424, raw, short_, timed, iso, priority, local } format = Format::rfc3164;
    int facility = 16;         // local0
    int max_level = 7;         // only severities <= this
    int min_level = 0;         // lines more severe than this are sent as this
    std::size_t max_length = 1024;
    int sample_range_size = 0; // log ... sample: 0 none
};

struct LogSettings {
    std::vector<LogTarget> targets;   // of this section, `log global` expanded
    rules::LogFormat format;          // of httplog, tcplog or log-format
    rules::LogFormat error_format;    // error-log-format, may be empty
    std::string tag;                  // log-tag, default "proxyd"
    bool dontlognull = false;
    bool dontlog_normal = false;
    bool separate_errors = false;
    bool logasap = false;
};

}  // namespace proxyd::observe
