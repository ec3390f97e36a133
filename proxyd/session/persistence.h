// Which server a request must go to, and how its client is told (configuration manual 4.2 "cookie",
// "use-server", "ignore-persist").
#pragma once

#include "proxyd/session/exchange.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

// After the rules of the request: reads the backend's cookie, hides from the server what is not for it, and
// notes the server in exchange.wanted; else the first use-server rule that holds does.
void choose_server(Exchange& exchange);

// The same for a TCP connection: use-server rules alone.
void choose_tcp_server(Exchange& exchange);

// After the rules of the response: tells the client the server that answered, unless it knows.
void tell_server(Exchange& exchange);

}  // namespace proxyd::session
