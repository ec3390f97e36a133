// Looks out for a client that leaves while its request waits for a server.
#pragma once

#include "proxyd/net/waiter.h"

namespace proxyd::upstream {

class ClientWatch {
 public:
    ClientWatch() = default;  // nobody to watch (health checks, no option abortonclose)
    ClientWatch(net::Waiter& waiter, bool (*gone)(void*), void* argument)
        : waiter_(&waiter), gone_(gone), argument_(argument) {}
    // Input that is no goodbye (a pipelined request) is the session's to read: its bit is set again.
    ~ClientWatch() {
        if (input_seen_) waiter_->set(net::Waiter::kClientIn);
    }
    ClientWatch(const ClientWatch&) = delete;
    ClientWatch& operator=(const ClientWatch&) = delete;

    net::Waiter::Bits interest() const {
        return gone_ != nullptr && !input_seen_ ? net::Waiter::kClientIn : 0;
    }
    // What a wait returned: did the client leave?
    bool left(net::Waiter::Bits bits) {
        if ((bits & interest()) == 0) return false;
        if (gone_(argument_)) return true;
        input_seen_ = true;
        return false;
    }

 private:
    net::Waiter* waiter_ = nullptr;
    bool (*gone_)(void*) = nullptr;
    void* argument_ = nullptr;
    bool input_seen_ = false;
};

}  // namespace proxyd::upstream
