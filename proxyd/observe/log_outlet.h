// One open log target. Sends whole lines without ever blocking; what does not fit is the caller's to count.
// Any thread.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "common/error.h"
#include "common/unique_fd.h"
#include "proxyd/observe/settings.h"

namespace proxyd::observe {

class LogOutlet {
 public:
    virtual ~LogOutlet() = default;
    // Returns how many of the lines left.
    virtual std::size_t send(std::span<iovec> lines) = 0;
    // A file that was moved away is opened anew; others have nothing to do.
    virtual common::Result<> reopen() { return {}; }

    // By the target's kind, which is no ring. Failing: a file or a descriptor that cannot be written.
    static common::Result<std::unique_ptr<LogOutlet>> open(const LogTarget& target);
    // What makes two targets one outlet: kind and address.
    static std::string key(const LogTarget& target);
};

}  // namespace proxyd::observe
