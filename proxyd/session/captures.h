// Remembers of request and response what the frontend's log wants to show (`capture ...`).
#pragma once

#include "proxyd/session/exchange.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

// As the head arrived, before rules see it.
void capture_request(const ProxySettings& frontend, Exchange& exchange);
// `capture cookie`: what the rules have made of the request, as in HAProxy.
void capture_request_cookie(const ProxySettings& frontend, Exchange& exchange);
void capture_response(const ProxySettings& frontend, Exchange& exchange);

}  // namespace proxyd::session
