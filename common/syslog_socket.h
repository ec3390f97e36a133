// Lines to the system's log without ever waiting for it: syslog(3) blocks its caller when the log daemon does
// not read. The format is that of glibc, which every log daemon knows on this socket (RFC 3164 without host
// name).
#pragma once

#include <string>
#include <string_view>

#include "common/unique_fd.h"

namespace common::log {

class SyslogSocket {
 public:
    explicit SyslogSocket(std::string path = "/dev/log") : path_(std::move(path)) {}

    // `priority`: facility and severity. False when the line could not be handed over at once; a log daemon
    // that was restarted is found again.
    bool send(int priority, std::string_view ident, std::string_view text);

 private:
    bool connect();

    std::string path_;
    UniqueFd socket_;
};

}  // namespace common::log
