// Rules that wait for time or for the address of a name (Verdict::Kind::wait): the exchange remembers where
// they go on, the session waits and runs them again.
#pragma once

#include "proxyd/rules/name_service.h"
#include "proxyd/rules/rule_set.h"
#include "proxyd/session/connection.h"
#include "proxyd/session/exchange.h"
#include "proxyd/session/step.h"

namespace proxyd::session {

inline void pause(const Connection& connection, Exchange& exchange, const rules::Verdict& verdict) {
    exchange.paused = true;
    exchange.paused_until =
        verdict.pause.count() > 0 ? connection.now() + verdict.pause : common::TimePoint(common::kNever);
    exchange.next_rule = verdict.next;
}

// Done: the rules can go on, if they waited at all.
inline Step wait_out_pause(const Connection& connection, Exchange& exchange) {
    if (!exchange.paused) return Step::finished();
    const rules::NameLookup* lookup = exchange.context.lookup.get();
    if (lookup != nullptr ? lookup->done : connection.now() >= exchange.paused_until) {
        exchange.paused = false;
        return Step::finished();
    }
    return Step::wait(net::Waiter::kMail, exchange.paused_until);
}

}  // namespace proxyd::session
