#include "common/control/link_watch.h"

#include <algorithm>

namespace common::control {
namespace {

std::string milliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

LinkVerdict LinkWatch::enter(LinkState next, TimePoint now, std::string reason) {
    const bool changed = next != state_;
    if (changed) {
        if (next == LinkState::up) up_since_ = now;
        state_ = next;
        reason_ = reason;
    }
    schedule();
    return {state_, changed, reason_};
}

LinkVerdict LinkWatch::lose(std::string reason, TimePoint now) {
    // A link that never was up cannot be lost: a keeper may run without a proxy.
    if (state_ == LinkState::unknown || state_ == LinkState::lost) return enter(state_, now);
    if (state_ == LinkState::up && now - up_since_ >= limits_.calm_after) next_settle_ = limits_.settle_first;
    settle_ = next_settle_;
    next_settle_ = std::min(next_settle_ * 2, limits_.settle_max);  // the price of flapping
    return enter(LinkState::lost, now, std::move(reason));
}

LinkVerdict LinkWatch::on_up(TimePoint now) {
    connected_ = true;
    second_look_ = false;
    last_health_ = now;
    schedule();
    return {state_, false, reason_};
}

LinkVerdict LinkWatch::on_health(const Health& health, TimePoint now) {
    connected_ = true;
    second_look_ = false;
    last_health_ = now;
    if (health.state == ProxyState::reloading) return {state_, false, reason_};
    if (health.state == ProxyState::stopping && state_ != LinkState::suspended) {
        return lose("the proxy is stopping", now);
    }
    for (const WorkerHealth& worker : health.workers) {
        if (std::chrono::milliseconds(worker.since_turn_ms) >= limits_.hang_limit) {
            return lose("worker " + std::to_string(worker.id) + " of the proxy hangs", now);
        }
    }
    if (health.state != ProxyState::ready) {
        // A starting or draining proxy is alive but takes no new clients; only a reload excuses that.
        if (state_ == LinkState::suspended) return poll(now);
        if (state_ == LinkState::up && health.state == ProxyState::draining) {
            return lose("the proxy is draining", now);
        }
        if (state_ == LinkState::settling) return lose("the proxy is not ready", now);
        return {state_, false, reason_};
    }
    switch (state_) {
        case LinkState::suspended:  // the reload is over
        case LinkState::unknown:    // the first link needs no probation
            return enter(LinkState::up, now);
        case LinkState::lost:
            healthy_since_ = now;
            return enter(LinkState::settling, now);
        case LinkState::settling:
        case LinkState::up:
            return poll(now);
    }
    return {state_, false, reason_};
}

LinkVerdict LinkWatch::on_reloading(const Reloading& message, TimePoint now) {
    if (state_ != LinkState::up && state_ != LinkState::suspended) return {state_, false, reason_};
    suspended_until_ = now + std::chrono::milliseconds(message.announced_ms);
    return enter(LinkState::suspended, now, "the proxy reloads");
}

LinkVerdict LinkWatch::on_down(const std::string& reason, TimePoint now) {
    connected_ = false;
    if (state_ == LinkState::suspended && now < suspended_until_) return {state_, false, reason_};
    return lose(reason, now);
}

LinkVerdict LinkWatch::poll(TimePoint now) {
    const bool late = next_poll_ != kNever && now > next_poll_ + limits_.own_lateness;
    if (state_ == LinkState::suspended) {
        if (now >= suspended_until_) return lose("the proxy did not come back from its reload in time", now);
        schedule();
        return {state_, false, reason_};
    }
    const bool watched = state_ == LinkState::up || state_ == LinkState::settling;
    if (watched && connected_ && now - last_health_ >= limits_.silence_limit) {
        if (late && !second_look_) {
            // We were stopped ourselves: what arrived meanwhile has not been read yet.
            second_look_ = true;
            next_poll_ = now + limits_.silence_limit;
            return {state_, false, reason_};
        }
        return lose("no health from the proxy for " + milliseconds(limits_.silence_limit), now);
    }
    if (state_ == LinkState::settling && now - healthy_since_ >= settle_) return enter(LinkState::up, now);
    schedule();
    return {state_, false, reason_};
}

void LinkWatch::schedule() {
    switch (state_) {
        case LinkState::unknown:
        case LinkState::lost:
            next_poll_ = kNever;
            return;
        case LinkState::suspended:
            next_poll_ = suspended_until_;
            return;
        case LinkState::settling:
            next_poll_ = std::min(last_health_ + limits_.silence_limit, healthy_since_ + settle_);
            return;
        case LinkState::up:
            next_poll_ = last_health_ + limits_.silence_limit;
            return;
    }
}

}  // namespace common::control
