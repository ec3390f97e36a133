// Clients kept at their servers by stick tables (configuration manual 4.2, stick on, match, store-request,
// store-response).
#pragma once

#include "proxyd/session/exchange.h"

namespace proxyd::session {

// Before a server is chosen: the one that a table knows for this request, when it takes known clients.
void choose_by_tables(Exchange& exchange);

// Once the request has its server.
void store_for_request(Exchange& exchange);
// Once its answer is there.
void store_for_response(Exchange& exchange);

}  // namespace proxyd::session
