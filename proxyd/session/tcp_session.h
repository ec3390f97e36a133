// One TCP mode connection: chooses a backend, connects, and passes bytes both ways.
#pragma once

#include <memory>

#include "proxyd/net/task.h"
#include "proxyd/session/connection.h"
#include "proxyd/session/inspection.h"
#include "proxyd/session/tunnel.h"

namespace proxyd::session {

class HttpSession;

class TcpSession {
 public:
    explicit TcpSession(Arrival arrival)
        : connection_(std::move(arrival)), tunnel_(connection_), inspection_(connection_) {}

    static net::Task<> run(std::unique_ptr<TcpSession> self);

 private:
    static bool client_left(void* self);
    void begin();
    Step inspect(const ProxySettings& section);
    Step inspect_more();
    bool choose();
    bool becomes_http();
    std::unique_ptr<HttpSession> hand_over();
    upstream::Request server_request();
    void finish();
    Step linger();

    Connection connection_;
    Tunnel tunnel_;
    Inspection inspection_;
    std::unique_ptr<Exchange> exchange_;
    bool linger_ = false;
};

}  // namespace proxyd::session
