// The link to proxyd on the engine's loop: what common/control delivers, judged by its LinkWatch.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "common/control/client.h"
#include "common/control/link_watch.h"
#include "vrrpd/config/model.h"
#include "vrrpd/fsm/tracking.h"

namespace vrrpd::engine {

class ProxyLink {
 public:
    struct Handlers {
        std::function<void()> changed;                // result() or suspended() may have changed
        std::function<void()> look;                   // the link was lost or is back: checks should run now
        std::function<common::control::Role()> role;  // the roles as they are, for a fresh link
    };
    // `needed`: an instance follows the link itself (track_proxy); then a proxy that never was there is a
    // lost one.
    ProxyLink(boost::asio::io_context& io, const config::ProxyLink& settings, std::string release,
              bool needed, Handlers handlers);

    void start();
    // Whether a reload may go on with this link.
    bool serves(const config::ProxyLink& settings, bool needed) const {
        return settings == settings_ && needed == needed_;
    }
    void send(const common::control::Role& role) { client_.send(role); }

    fsm::TrackResult result() const;
    bool suspended() const { return watch_.state() == common::control::LinkState::suspended; }

    // For --show.
    const std::string& path() const { return settings_.socket; }
    common::control::LinkState state() const { return watch_.state(); }
    const std::string& reason() const { return watch_.reason(); }
    const std::optional<common::control::Hello>& peer() const { return peer_; }
    const std::optional<common::control::Health>& health() const { return health_; }
    common::TimePoint health_at() const { return health_at_; }

 private:
    void on_message(const common::control::Message& message);
    void judge(const common::control::LinkVerdict& verdict);
    void arm();
    void end_grace();

    config::ProxyLink settings_;
    Handlers handlers_;
    bool needed_;
    bool ever_up_ = false;
    bool grace_over_ = false;  // long enough at the start without a proxy
    common::control::LinkWatch watch_;
    common::control::Client client_;
    boost::asio::steady_timer timer_, grace_;
    std::optional<common::control::Hello> peer_;
    std::optional<common::control::Health> health_;
    common::TimePoint health_at_{};
};

}  // namespace vrrpd::engine
