// Reads the head of a request: waits for its first byte without holding a buffer, then for the rest of it.
#pragma once

#include <memory>

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"
#include "proxyd/session/step.h"

namespace proxyd::session {

http::ParseOptions request_options(const Connection& connection);

class RequestReader {
 public:
    explicit RequestReader(Connection& connection) : connection_(connection) {}

    // Done when bytes of a request are in exchange->client_in, or with `exchange` null: the client left, or
    // idled too long, and the connection is to be closed without an answer. Until then no buffer is held.
    Step await_first_byte(net::Waiter::Bits bits, std::unique_ptr<Exchange>& exchange);

    // Done when the head is complete (exchange.end == End::normal) or refused.
    void begin(Exchange& exchange);
    Step read_head(Exchange& exchange);
    // Then, where the section wants it: done when the body is here, or as much as there is room for.
    Step read_body(Exchange& exchange);

 private:
    void ask_for_body(Exchange& exchange);
    bool silent(std::unique_ptr<Exchange>& exchange, End end, int status);
    // More from the client; notes how many bytes, and that it has ended.
    net::IoResult receive(Exchange& exchange, std::span<char> room);
    Step refuse(Exchange& exchange, End end);
    void accept_head(Exchange& exchange, std::size_t size);
    common::TimePoint idle_deadline() const;

    Connection& connection_;
    common::TimePoint head_deadline_ = common::kNever;
    common::TimePoint body_deadline_ = common::kNever;
    const rules::BodyWait* body_wait_ = nullptr;  // what body_deadline_ is of
    bool tried_ = false;  // the first read on a fresh connection is tried without waiting
};

}  // namespace proxyd::session
