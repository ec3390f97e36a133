// The end of an exchange: counters of frontend, backend, server and process, and the line in the access log.
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"

namespace proxyd::session {

// `option logasap`: the line is written now, with a '+' where more may come; record_... writes none.
void log_early(Connection& connection, Exchange& exchange);

void record_http(Connection& connection, Exchange& exchange);
void record_tcp(Connection& connection, Exchange& exchange);

}  // namespace proxyd::session
