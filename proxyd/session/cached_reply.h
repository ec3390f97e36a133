// Answers from a cache (`http-request cache-use`): as a server's they pass the response's rules and may be
// compressed; the stored bytes go out from where they lie.
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"

namespace proxyd::session {

// After the rules of a section. True: a response was found, the exchange is decided.
bool serve_cached(Connection& connection, Exchange& exchange);

// What was sent so far is flushed. True: more of a compressed body is in exchange.down.out now.
bool continue_cached(Exchange& exchange);

}  // namespace proxyd::session
