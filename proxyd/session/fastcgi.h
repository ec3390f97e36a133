// Requests for FastCGI servers (configuration manual chapter 10): their records take the place of an HTTP
// head. Answers come out of the connection as HTTP/1.1 (fcgi/connection.h).
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"

namespace proxyd::session {

// An application must be told the size of a body. True: nothing of it is missing here, or it was waited for;
// false: exchange.body_wait says what to wait for.
bool fastcgi_body_ready(Exchange& exchange);

// Puts the request of an exchange whose lease leads to a FastCGI server into exchange.up. False: it cannot be
// told, and exchange.end says why.
bool put_fastcgi_request(Connection& connection, Exchange& exchange);

}  // namespace proxyd::session
