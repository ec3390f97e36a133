// One TCP mode connection: chooses a backend, connects, and passes bytes both ways.
#pragma once

#include <memory>

#include "proxyd/net/task.h"
#include "proxyd/session/connection.h"
#include "proxyd/session/tunnel.h"

namespace proxyd::session {

class TcpSession {
 public:
    explicit TcpSession(Arrival arrival) : connection_(std::move(arrival)), tunnel_(connection_) {}

    static net::Task<> run(std::unique_ptr<TcpSession> self);

 private:
    static bool client_left(void* self);
    bool choose();
    upstream::Request server_request();
    void finish();
    Step linger();

    Connection connection_;
    Tunnel tunnel_;
    std::unique_ptr<Exchange> exchange_;
    bool linger_ = false;
};

}  // namespace proxyd::session
