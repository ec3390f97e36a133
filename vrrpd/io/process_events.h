// The kernel's process connector (linux/cn_proc.h): every fork, exec, change of name and end on this machine.
// The kernel offers it in the first network, process and user namespace only, to CAP_NET_ADMIN.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/unique_fd.h"

namespace vrrpd::io {

struct ProcessEvent {
    enum class Kind : unsigned char {
        changed,  // a new process, another program or another name
        ended,
        lost,  // events were dropped: look at everything
    };
    Kind kind = Kind::lost;
    pid_t pid = 0;
    bool operator==(const ProcessEvent&) const = default;
};

// Pure: the events of one datagram; those of mere threads are left out.
std::vector<ProcessEvent> decode_process_events(std::span<const std::byte> datagram);

class ProcessEvents {
 public:
    // Fails where the kernel refuses, with its reason.
    static common::Result<ProcessEvents> open();

    // Readable: call receive(). At most a bounded number of events, so that a machine that forks without end
    // does not hold up the caller; the rest stays readable.
    int fd() const { return fd_.get(); }
    std::vector<ProcessEvent> receive();

 private:
    common::UniqueFd fd_;
};

}  // namespace vrrpd::io
