// `option forwardfor` and `option originalto`: tell the server the addresses of the client's connection.
#pragma once

#include "proxyd/http/message.h"
#include "proxyd/rules/context.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

// Adds the headers to the request as the frontend's and the backend's options say; the backend's header name
// wins.
void add_addresses(const ProxySettings& frontend, const ProxySettings& backend, const rules::Context& context,
                   http::Message& request);

}  // namespace proxyd::session
