// What operators do to servers at run time. Each changes the shared state, tells the backend and logs as
// HAProxy does. Any thread but a worker's hot path.
#pragma once

#include <string>
#include <string_view>

#include "common/error.h"
#include "proxyd/admin/view.h"

namespace proxyd::admin {

// A server as commands name it: "backend/server".
struct ServerHandle {
    const session::ProxySettings* section = nullptr;
    const upstream::ServerSettings* settings = nullptr;
    state::ProxyState* proxy = nullptr;
    state::ServerState* server = nullptr;
    upstream::Backend* backend = nullptr;
    const View* view = nullptr;
};

// Errors are the sentences that HAProxy answers with.
common::Result<ServerHandle> find_server(const View& view, std::string_view name);

void set_admin_state(const ServerHandle& server, state::Admin wanted);
common::Result<> set_weight(const ServerHandle& server,
                            std::string_view text);  // "50" or "50%" of the initial one
common::Result<> set_server_maxconn(const ServerHandle& server, std::string_view text);
common::Result<std::string> set_server_address(const ServerHandle& server, std::string_view ip,
                                               std::string_view port);
// `set server ... health up|down`, for servers with checks disabled too.
common::Result<> set_health(const ServerHandle& server, std::string_view word);

}  // namespace proxyd::admin
