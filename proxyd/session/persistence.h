// Which server a request must go to, and how its client is told (configuration manual 4.2 "cookie",
// "use-server", "ignore-persist").
#pragma once

#include "proxyd/session/exchange.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

// After the rules of the request: reads the backend's cookie, hides from the server what is not for it, and
// notes the server in exchange.wanted; else the first use-server rule that holds does.
void choose_server(Exchange& exchange);

// A request that was denied: logs tell which server its cookie names, as in HAProxy.
void note_cookie_of_denied(Exchange& exchange);

// option prefer-last-server: the server of the client's own idle connection, unless something else has bound
// the request.
void prefer_last_server(const upstream::Kept& kept, const upstream::Backend& backend, Exchange& exchange);

// The same for a TCP connection: use-server rules, RDP cookie, tables.
void choose_tcp_server(Exchange& exchange);

// After the rules of the response: tells the client the server that answered, unless it knows.
void tell_server(Exchange& exchange);

}  // namespace proxyd::session
