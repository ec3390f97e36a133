// Bytes both ways until both sides have ended: TCP mode, upgraded and CONNECT connections. Half-closed
// connections go on in the other direction. Timeouts: `tunnel` when set replaces client and server;
// client-fin and server-fin take over once that side has ended.
#pragma once

#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"
#include "proxyd/session/inspection.h"
#include "proxyd/session/step.h"

namespace proxyd::session {

class Tunnel {
 public:
    explicit Tunnel(Connection& connection) : connection_(connection) {}

    // What is in the inboxes and in `out` of both flows goes first.
    void begin(Exchange& exchange);
    // Done: exchange.end says how.
    Step step(Exchange& exchange, net::Waiter::Bits bits);

 private:
    struct Side {
        Flow* flow = nullptr;  // away from this side
        net::Stream* source = nullptr;
        net::Stream* sink = nullptr;
        common::TimePoint activity{};                  // of this side's socket
        bool waited = false;                           // for its input or output
        common::TimePoint resume_at = common::kNever;  // when its limited flow goes on
        bool ended = false;                            // its FIN was passed on
    };
    void note_activity(const Exchange& exchange, Side& from, Side& to);
    void limit(Exchange& exchange);
    bool move(Exchange& exchange, Side& from, Side& to, bool from_client);
    common::TimePoint deadline_of(const Exchange& exchange, const Side& side, bool client) const;

    Connection& connection_;
    Side client_, server_;
    ResponseInspection inspection_;
};

}  // namespace proxyd::session
