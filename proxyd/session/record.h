// The end of an exchange: counters of frontend, backend, server and process, and the line in the access log.
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"

namespace proxyd::session {

// `option logasap`: the line is written now, with a '+' where more may come; record_... writes none.
void log_early(Connection& connection, Exchange& exchange);

// log-steps: a line of that moment, if the frontend wants one.
void log_step(Connection& connection, Exchange& exchange, rules::LogStep step);
inline void note_step(Connection& connection, Exchange& exchange, rules::LogStep step) {
    if (connection.frontend().log.steps != 0) log_step(connection, exchange, step);
}
// The same before there is an exchange.
void note_accept(Connection& connection);

void record_http(Connection& connection, Exchange& exchange);
void record_tcp(Connection& connection, Exchange& exchange);

}  // namespace proxyd::session
