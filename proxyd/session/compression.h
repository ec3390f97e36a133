// `compression`: what a client may get, and what a response becomes (configuration manual 4.2).
#pragma once

#include "proxyd/session/exchange.h"

namespace proxyd::session {

// Before the request goes out: the coding that the client accepts. `compression offload` hides it from the
// server.
void choose_coding(const ProxySettings& frontend, Exchange& exchange);

// The same moment: true when the request's body will be compressed; its head says so already.
bool compress_request(const ProxySettings& frontend, Exchange& exchange);

// Before the response's head goes out: true when its body will be compressed; the head says so already.
bool compress_response(const ProxySettings& frontend, Exchange& exchange);

}  // namespace proxyd::session
