// One HTTP/1 client connection: a coroutine that reads from top to bottom, exchange after exchange.
#pragma once

#include <memory>
#include <optional>

#include "proxyd/net/task.h"
#include "proxyd/session/connection.h"
#include "proxyd/session/forwarder.h"
#include "proxyd/session/request_reader.h"
#include "proxyd/session/tunnel.h"

namespace proxyd::session {

class HttpSession {
 public:
    explicit HttpSession(Arrival arrival) : own_(std::in_place, std::move(arrival)), connection_(*own_) {}
    // Goes on with a TCP session's connection, which outlives this; its first bytes are in the exchange.
    HttpSession(Connection& connection, std::unique_ptr<Exchange> exchange)
        : connection_(connection), exchange_(std::move(exchange)) {}
    ~HttpSession();

    // Owns the session; ends with the connection.
    static net::Task<> run(std::unique_ptr<HttpSession> self);

 private:
    static bool client_left(void* self);
    void begin_exchange();
    Step read_request();
    bool wants_server();
    net::Task<upstream::Failure> acquire_server();
    upstream::Backend& backend() const;
    void begin_forwarding(upstream::Failure failure);
    static void judge_server(Exchange& exchange);
    Step forward(net::Waiter::Bits bits);
    bool held_back_enough();
    bool make_reply();
    Step deliver_reply();
    bool finish_exchange();
    bool server_may_live() const;
    Step linger();

    std::optional<Connection> own_;
    Connection& connection_;
    RequestReader reader_{connection_};
    Forwarder forwarder_{connection_};
    std::unique_ptr<Tunnel> tunnel_;      // of the current exchange, when it has become one
    std::unique_ptr<Exchange> exchange_;  // null between requests
    common::TimePoint reply_deadline_ = common::kNever;
    common::TimePoint hold_until_ = common::kNever;
    // of the current exchange
    bool head_read_ = false;
    bool to_server_ = false;  // decided so, no connection yet
    bool forwarded_ = false;  // has (had) a connection
    // Its first connection died: no idle one again; or its answer was none, and retry-on has it asked again.
    enum class Again : unsigned char { no, connection, answer } again_ = Again::no;
    bool reply_begun_ = false;
    bool linger_ = false;
};

}  // namespace proxyd::session
