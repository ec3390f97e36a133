// `compression`: what a client may get, and what a response becomes (configuration manual 4.2).
#pragma once

#include "proxyd/session/connection.h"

namespace proxyd::session {

// Before the request goes out: the coding that the client accepts. `compression offload` hides it from the
// server.
void choose_coding(const ProxySettings& frontend, Exchange& exchange);

// The same moment: true when the request's body will be compressed; its head says so already.
bool compress_request(Connection& connection, Exchange& exchange);

// As the response came, before any rule has seen it (HAProxy's order): forgets the coding unless it will be
// compressed.
void judge_response(Connection& connection, Exchange& exchange);

// Before the response's head goes out: true when its body will be compressed; the head says so already.
bool compress_response(Exchange& exchange);

}  // namespace proxyd::session
