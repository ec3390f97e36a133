// tcp-request content: rules look at the first bytes of a connection before it goes anywhere, and wait for
// them, at most for `tcp-request inspect-delay` (configuration manual 4.2).
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"
#include "proxyd/session/step.h"

namespace proxyd::session {

class Inspection {
 public:
    explicit Inspection(Connection& connection) : connection_(connection) {}

    // The rules of one section: first the frontend's, then the backend's.
    void begin(const ProxySettings& section);
    // Done: exchange.end says whether the connection goes on. Bytes that were read stay in
    // exchange.client_in.
    Step step(Exchange& exchange);

 private:
    bool read_more(Exchange& exchange);

    Connection& connection_;
    const ProxySettings* section_ = nullptr;
    common::TimePoint deadline_{};
    bool ended_ = false;  // no more bytes come, or fit
};

// The same for a request whose head is here: nothing is waited for. False: decided.
bool inspect_request(Connection& connection, Exchange& exchange, const ProxySettings& section);

}  // namespace proxyd::session
