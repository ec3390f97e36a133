// `option forwardfor`: tells the server the client's address.
#pragma once

#include "proxyd/http/message.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

// Adds the header to the request as the frontend's and the backend's option say; the backend's header name
// wins.
void add_forwarded_for(const ProxySettings& frontend, const ProxySettings& backend,
                       const common::Endpoint& client, http::Message& request);

}  // namespace proxyd::session
