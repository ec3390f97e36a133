// Phases 2 to 6: what is to become of a request whose head is complete. Rules only look and change; one that
// wants the body is where the next call goes on.
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"

namespace proxyd::session {

// Sets exchange.backend when the request is to be forwarded. Otherwise exchange.end tells why not, and the
// answer is in exchange.response and exchange.down.out, or is an error page still to be made
// (end_row(end).answer). False: a rule waits for the body as exchange.body_wait says; call again then.
bool decide(Connection& connection, Exchange& exchange);

// unique-id-format: the same name in the header, in samples and in the log.
void make_unique_id(const ProxySettings& frontend, Exchange& exchange);

// The exchange belongs to this backend from now on: names, counters.
void enter_backend(Connection& connection, Exchange& exchange, int index);

}  // namespace proxyd::session
