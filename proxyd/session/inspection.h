// tcp-request content: rules look at the first bytes of a connection before it goes anywhere, and wait for
// them, at most for `tcp-request inspect-delay` (configuration manual 4.2).
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"
#include "proxyd/session/step.h"

namespace proxyd::session {

// What a run of rules on a request came to.
enum class Passed : unsigned char { on, decided, waits };

class Inspection {
 public:
    explicit Inspection(Connection& connection) : connection_(connection) {}

    // The rules of one section: first the frontend's, then the backend's.
    void begin(Exchange& exchange, const ProxySettings& section);
    // Done: exchange.end says whether the connection goes on. Bytes that were read stay in
    // exchange.client_in.
    Step step(Exchange& exchange);
    bool becomes_http() const { return becomes_http_; }  // switch-mode

 private:
    void look_for_head(Exchange& exchange);
    bool read_more(Exchange& exchange);

    Connection& connection_;
    const ProxySettings* section_ = nullptr;
    common::TimePoint deadline_{};
    std::size_t next_rule_ = 0;  // behind the one that waited
    bool ended_ = false;         // no more bytes come, or fit
    bool becomes_http_ = false;
    bool no_head_ = false;  // what came is no HTTP request
};

// tcp-response content: the same for what a server says first, while the other direction goes on.
class ResponseInspection {
 public:
    void begin(Connection& connection, const Exchange& exchange);
    bool pending() const { return pending_; }
    bool closing() const { return closing_; }  // what is here goes to the client, and nothing after it
    common::TimePoint deadline() const { return deadline_; }
    // Reads and looks as long as there is something to look at. Not pending() any more: exchange.end says
    // whether the bytes, which stay in exchange.server_in, go to the client; or more is awaited.
    void look(Connection& connection, Exchange& exchange);

 private:
    common::TimePoint deadline_{};
    bool pending_ = false, closing_ = false;
    bool ended_ = false;  // no more bytes come, or fit
};

// The rules on a response whose head is here. False: decided.
bool inspect_response(Connection& connection, Exchange& exchange);

// The same for a request whose head is here: no bytes are waited for. After a pause it goes on where it was.
Passed inspect_request(Connection& connection, Exchange& exchange, const ProxySettings& section);

}  // namespace proxyd::session
