// Around a change of a server's state, by whomever it is made (checks, agents, operators, name resolution):
// keeps the clocks of the server and of its backend, tells the backend, ends sessions where the server line
// says so.
#pragma once

#include <functional>
#include <string>

#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/backend.h"

namespace proxyd::upstream {

class ServerChange {
 public:
    // Before the change. `backend` may be null (nobody is to be told).
    ServerChange(Backend* backend, state::ProxyState& proxy, state::ServerState& server);

    // After it, once: how many requests went from the server's queue to others.
    int finish();
    // Makes the servers that track this one be like it, and logs what becomes of them. After finish() and
    // after the lines about this one; chains are followed to their ends.
    void lead_followers();

    bool went_down() const { return !server_was_down_ && server_.down(); }
    bool went_up() const { return server_was_down_ && !server_.down(); }
    bool stopped() const { return server_was_usable_ && !server_.usable(); }  // gets no new sessions any more
    bool resumed() const { return !server_was_usable_ && server_.usable(); }
    bool lost_last() const { return usable_before_ > 0 && usable() == 0; }  // of the backend's servers
    int usable() const;

 private:
    void end_sessions();

    Backend* backend_;
    state::ProxyState& proxy_;
    state::ServerState& server_;
    int usable_before_;
    bool server_was_usable_;
    bool server_was_down_;
};

// What an operator wants of a server, from the page, the stats socket or its agent; `log` gets HAProxy's
// lines.
void set_admin_state(Backend* backend, state::ProxyState& proxy, state::ServerState& server,
                     state::Admin wanted,
                     const std::function<void(int severity, const std::string& text)>& log);

// "1 active and 0 backup servers left. 2 sessions active, 0 requeued, 0 remaining in queue."
std::string servers_left(const state::ProxyState& proxy, const state::ServerState& server, const char* word,
                         int requeued);
// "1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue."
std::string servers_online(const state::ProxyState& proxy, int requeued);
// "Backup Server b/s", "Server b/s"
std::string server_title(const state::ProxyState& proxy, const state::ServerState& server);

}  // namespace proxyd::upstream
