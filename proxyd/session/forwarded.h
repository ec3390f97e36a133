// `option forwarded`: the header Forwarded (RFC 7239).
#pragma once

#include "proxyd/http/message.h"
#include "proxyd/rules/context.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

// Adds the header as the backend's option says; a Forwarded that the client sent stays before it.
void add_forwarded(const ProxySettings& backend, const rules::Context& context, http::Message& request);

}  // namespace proxyd::session
