#include "vrrpd/engine/link_delays.h"

#include <boost/asio/post.hpp>

#include "common/logging.h"

namespace vrrpd::engine {

namespace log = common::log;

void LinkDelays::configure(const std::vector<config::LinkDelay>& delays, const io::Network& network) {
    auto old = std::exchange(watched_, {});
    for (const config::LinkDelay& delay : delays) {
        std::unique_ptr<Watched>& watched = watched_[delay.interface];
        const auto known = old.find(delay.interface);
        if (known != old.end()) {
            watched = std::move(known->second);
            old.erase(known);
        } else {
            watched = std::make_unique<Watched>(io_);
            const io::Link* link = network.find(delay.interface);
            watched->believed = link != nullptr && link->up;
        }
        watched->down = delay.down;
        watched->up = delay.up;
    }
    // Nothing holds these back any more.
    for (const auto& [name, watched] : old) {
        watched->timer.cancel();
        boost::asio::post(io_, [this, name = name] { settled_(name); });
    }
}

void LinkDelays::note(const io::Link& link, bool gone) {
    const auto found = watched_.find(link.name);
    if (found == watched_.end()) return;
    Watched& watched = *found->second;
    const bool up = link.up && !gone;
    if (up == watched.believed || gone) {
        if (watched.waiting && !gone)
            log::info("{} is {} again: nothing follows", link.name, up ? "up" : "down");
        watched.waiting = false;
        watched.timer.cancel();
        watched.believed = up;
        return;
    }
    if (watched.waiting) return;  // since the first news of this change
    const common::Duration delay = up ? watched.up : watched.down;
    if (delay <= common::Duration{}) {
        watched.believed = up;
        return;
    }
    log::info("{} is {}: believed when it lasts for {:g} s", link.name, up ? "up" : "down",
              std::chrono::duration<double>(delay).count());
    watched.waiting = true;
    watched.timer.expires_after(delay);
    wait(link.name, watched, up);
}

void LinkDelays::wait(const std::string& name, Watched& watched, bool up) {
    watched.timer.async_wait([this, name, up](boost::system::error_code error) {
        if (error) return;
        const auto found = watched_.find(name);
        // Another news may have come between the end of the timer and this call.
        if (found == watched_.end() || !found->second->waiting) return;
        found->second->waiting = false;
        found->second->believed = up;
        settled_(name);
    });
}

bool LinkDelays::up(const io::Link& link) const {
    const auto found = watched_.find(link.name);
    return found == watched_.end() ? link.up : found->second->believed;
}

}  // namespace vrrpd::engine
