// Phases 7 to 11 for a request that goes to a server: sends it, waits for the response, relays both bodies at
// the same time. An early response, a client that leaves, a server that dies: all are seen by the same loop,
// because both connections and both timeouts are watched in each wait.
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"
#include "proxyd/session/step.h"

namespace proxyd::session {

class Forwarder {
 public:
    explicit Forwarder(Connection& connection) : connection_(connection) {}

    // Prepares the request for a server that exchange.lease is connected to. When that cannot be,
    // exchange.end says so.
    void begin(Exchange& exchange);
    // Done: exchange.end says how. `bits`: what the last wait brought.
    Step step(Exchange& exchange, net::Waiter::Bits bits);
    // The connection was an idle one, the server closed it before it answered, and sending again is safe.
    bool worth_a_retry(const Exchange& exchange) const;
    // retry-on: nothing usable came, or an answer that it names, and the request can be sent again.
    bool wants_retry(const Exchange& exchange) const;
    // Back to the state before begin(); false when the body is gone already.
    bool rewind(Exchange& exchange);

 private:
    void put_request(Exchange& exchange);
    bool send_request(Exchange& exchange);
    bool receive_head(Exchange& exchange);
    bool read_response(Exchange& exchange);
    bool may_retry(const Exchange& exchange) const;
    bool take_response_head(Exchange& exchange);
    bool look_at_response(Exchange& exchange);
    bool held_enough(Exchange& exchange);
    bool apply_response_rules(Exchange& exchange);
    bool block_cookie(Exchange& exchange);
    void expect_response(Exchange& exchange) const;
    bool pass_interim(Exchange& exchange);
    void pass_response(Exchange& exchange);
    bool relay_response(Exchange& exchange);
    void watch_client(Exchange& exchange);
    bool check_deadlines(Exchange& exchange);
    bool finish(Exchange& exchange, End headers, End data);
    Step wait(Exchange& exchange);

    Connection& connection_;
    common::TimePoint client_activity_{}, server_activity_{};
    bool client_waited_ = false;  // the client's timeout runs: we wait for its input or output
    bool server_waited_ = false;
    bool server_readable_ = false;
    bool client_readable_ = false;
    bool client_watched_ = true;  // for its leaving, while the server thinks
    bool up_done_ = false;        // request sent, or given up because the server listens no more
    bool up_broken_ = false;
    bool head_done_ = false;        // the final response head is through
    bool interim_pending_ = false;  // a 1xx is being written
    // http-response wait-for-body: the response is held back, the rules go on at next_rule_.
    const rules::BodyWait* hold_ = nullptr;
    common::TimePoint hold_until_ = common::kNever;
    common::TimePoint resume_at_ = common::kNever;     // when a limited flow goes on
    common::TimePoint paused_until_ = common::kNever;  // http-response pause; never: they do not pause
    std::size_t next_rule_ = 0;
    bool hold_ended_ = false;  // no more bytes come, or fit
};

}  // namespace proxyd::session
