#include "vrrpd/engine/proxy_link.h"

#include <unistd.h>

#include "common/logging.h"

namespace vrrpd::engine {

namespace control = common::control;
namespace log = common::log;
using common::Clock;
using control::LinkState;

namespace {

// At the start the proxy may come up at the same time as we do: for this long its absence is no news.
constexpr std::chrono::seconds kGrace{3};

control::LinkLimits limits_of(const config::ProxyLink& settings) {
    control::LinkLimits limits;
    limits.silence_limit = settings.health_timeout;
    limits.hang_limit = settings.worker_timeout;
    limits.settle_first = settings.settle;
    limits.settle_max = settings.settle_max;
    return limits;
}

control::ClientSettings client_settings(const config::ProxyLink& settings, std::string release) {
    control::ClientSettings client;
    client.path = settings.socket;
    client.hello.program = "vrrpd";
    client.hello.release = std::move(release);
    client.hello.pid = ::getpid();
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    client.hello.started_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    return client;
}

}  // namespace

ProxyLink::ProxyLink(boost::asio::io_context& io, const config::ProxyLink& settings, std::string release,
                     bool needed, Handlers handlers)
    : settings_(settings),
      handlers_(std::move(handlers)),
      needed_(needed),
      watch_(limits_of(settings)),
      client_(
          io, client_settings(settings, std::move(release)),
          {.on_up =
               [this](const control::Hello& hello) {
                   peer_ = hello;
                   health_.reset();
                   const auto verdict = watch_.on_up(Clock::now());
                   client_.send(handlers_.role());
                   judge(verdict);
               },
           .on_message = [this](const control::Message& message) { on_message(message); },
           .on_down = [this](const std::string& reason) { judge(watch_.on_down(reason, Clock::now())); }}),
      timer_(io),
      grace_(io) {}

void ProxyLink::start() {
    client_.start();
    grace_.expires_after(kGrace);
    grace_.async_wait([this](boost::system::error_code error) {
        if (!error) end_grace();
    });
}

void ProxyLink::end_grace() {
    grace_over_ = true;
    if (watch_.state() != LinkState::unknown) return;
    log::notice("No proxy answers at {}: watching for one", settings_.socket);
    if (needed_) handlers_.changed();
}

void ProxyLink::on_message(const control::Message& message) {
    const auto now = Clock::now();
    if (const auto* health = std::get_if<control::Health>(&message)) {
        // Backends come only when they changed.
        auto backends = health->backends ? health->backends
                        : health_        ? std::move(health_->backends)
                                         : std::nullopt;
        health_ = *health;
        health_->backends = std::move(backends);
        health_at_ = now;
        judge(watch_.on_health(*health, now));
    } else if (const auto* reloading = std::get_if<control::Reloading>(&message)) {
        judge(watch_.on_reloading(*reloading, now));
    }
}

void ProxyLink::judge(const control::LinkVerdict& verdict) {
    arm();
    if (!verdict.changed) return;
    const int pid = peer_ ? peer_->pid : 0;
    switch (verdict.state) {
        case LinkState::up:
            log::notice("Proxy link to {} is {} (pid {})", settings_.socket, ever_up_ ? "back" : "up", pid);
            break;
        case LinkState::lost:
            log::warning("Proxy link to {} is lost: {} (pid {})", settings_.socket, verdict.reason, pid);
            break;
        case LinkState::suspended:
            log::notice("The proxy (pid {}) reloads: not judged meanwhile", pid);
            break;
        case LinkState::settling:
        case LinkState::unknown:
            break;
    }
    const bool look = verdict.state == LinkState::lost || (verdict.state == LinkState::up && ever_up_);
    ever_up_ = ever_up_ || verdict.state == LinkState::up;
    handlers_.changed();
    if (look) handlers_.look();
}

void ProxyLink::arm() {
    const common::TimePoint when = watch_.next_poll();
    if (when == common::kNever) {
        timer_.cancel();
        return;
    }
    if (timer_.expiry() == when) return;
    timer_.expires_at(when);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error) judge(watch_.poll(Clock::now()));
    });
}

fsm::TrackResult ProxyLink::result() const {
    if (watch_.usable()) return {fsm::Health::good, 0, "ready"};
    if (watch_.state() == LinkState::lost) return {fsm::Health::bad, 0, watch_.reason()};
    // Settling after a loss is not good yet; before the first time it is unknown, for as long as one waits.
    if (ever_up_)
        return {fsm::Health::bad, 0, watch_.reason().empty() ? "not ready for long enough" : watch_.reason()};
    if (!grace_over_ || watch_.state() == LinkState::settling) return {};
    return {fsm::Health::bad, 0, "no proxy at " + settings_.socket};
}

}  // namespace vrrpd::engine
