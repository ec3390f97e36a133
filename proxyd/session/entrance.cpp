#include "proxyd/session/entrance.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/logging.h"
#include "proxyd/net/listener.h"
#include "proxyd/net/waiter.h"
#include "proxyd/session/http_session.h"
#include "proxyd/session/tcp_session.h"

namespace proxyd::session {

namespace {

void report(std::exception_ptr exception) {
    if (!exception) return;
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {  // a broken invariant ends one session, and is told
        common::log::error("session ended by an internal error: {}", error.what());
    }
}

// Sources that only a machine's root may use: what amplifies traffic answers from such ports
// (harden.reject-privileged-ports.tcp).
bool is_privileged(const common::Endpoint& peer) {
    constexpr int kFirstFree = 1024;
    return peer.is_ip() && peer.port() > 0 && peer.port() < kFirstFree;
}

template <class Session>
void start(net::Worker& worker, Arrival arrival) {
    auto session = std::make_unique<Session>(std::move(arrival));
    boost::asio::co_spawn(worker.executor(), Session::run(std::move(session)), report);
}

}  // namespace

// One listening socket and what its connections become.
class Entrance::Door : public net::Listener::Client {
 public:
    Door(Entrance& entrance, int proxy, int bind, common::UniqueFd socket)
        : entrance_(entrance),
          proxy_(proxy),
          bind_(bind),
          settings_(*(*entrance.runtime_.proxies)[static_cast<std::size_t>(proxy)]),
          state_(*entrance.runtime_.state->proxies[static_cast<std::size_t>(proxy)]),
          pause_(entrance.worker_.deadlines(), end_pause, this),
          listener_(entrance.worker_, std::move(socket), *this) {
        net::set_keep_alive(listener_.fd(), settings_.tcpka);  // also off: the socket may be a predecessor's
        listener_.start(entrance.runtime_.limits.accepts);
    }

    int proxy() const { return proxy_; }
    void resume() { listener_.resume(); }

    bool may_accept() override {
        if (too_fast()) return false;
        if (!full()) return true;
        // The last connection may end between the look and the note: look again after it.
        entrance_.runtime_.accept_paused.store(true);
        return !full();
    }

    void accepted(common::UniqueFd connection, const common::Endpoint& peer,
                  const common::Endpoint& local) override {
        if (entrance_.runtime_.limits.no_privileged_sources && is_privileged(peer)) return;
        Arrival arrival{entrance_, proxy_, bind_, std::move(connection), peer, local};
        if (settings_.http_mode) {
            start<HttpSession>(entrance_.worker_, std::move(arrival));
        } else {
            start<TcpSession>(entrance_.worker_, std::move(arrival));
        }
    }

 private:
    static void end_pause(void* self) { static_cast<Door*>(self)->listener_.resume(); }

    // rate-limit sessions and the limits of the process: clients wait in the socket's queue until the rate
    // has sunk.
    bool too_fast() {
        const ProcessLimits& limits = entrance_.runtime_.limits;
        if (settings_.rate_limit <= 0 && !limits.any_rate()) return false;
        const state::ProcessState& process = entrance_.runtime_.state->process;
        return reached(state_.frontend.session_rate, settings_.rate_limit) ||
               reached(process.connection_rate, limits.connection_rate) ||
               reached(process.session_rate, limits.session_rate) ||
               (speaks_tls() && reached(process.tls_rate, limits.tls_rate));
    }

    bool reached(const state::Rate& rate, int limit) {
        const common::TimePoint now = entrance_.worker_.now();
        if (limit <= 0 || rate.per_second(now) < static_cast<std::uint32_t>(limit)) return false;
        constexpr std::chrono::microseconds kSecond{1'000'000};
        pause_.set(now + std::max(kSecond / limit, std::chrono::microseconds(1000)));
        return true;
    }

    bool speaks_tls() const {
        const auto bind = static_cast<std::size_t>(bind_);
        return bind < settings_.binds.size() && settings_.binds[bind].tls.enabled;
    }

    bool full() const {
        const Runtime& runtime = entrance_.runtime_;
        return (runtime.maxconn > 0 && runtime.state->process.connections.now() >= runtime.maxconn) ||
               (settings_.maxconn > 0 && state_.frontend.sessions.now() >= settings_.maxconn);
    }

    Entrance& entrance_;
    const int proxy_, bind_;
    const ProxySettings& settings_;
    state::ProxyState& state_;
    net::Deadline pause_;
    net::Listener listener_;
};

Entrance::Entrance(Runtime& runtime, net::Worker& worker)
    : runtime_(runtime), worker_(worker), exchanges_(std::make_unique<ExchangePool>()) {}
Entrance::~Entrance() = default;

void Entrance::open(int proxy, int bind, common::UniqueFd socket) {
    doors_.push_back(std::make_unique<Door>(*this, proxy, bind, std::move(socket)));
}

void Entrance::stop(int one_of) {
    doors_.clear();
    worker_.broadcast(net::Waiter::kStop, one_of);
}

void Entrance::close(int proxy) {
    std::erase_if(doors_, [proxy](const auto& door) { return door->proxy() == proxy; });
}

void Entrance::resume() {
    for (const auto& door : doors_) door->resume();
}

void Entrance::connection_ended(Runtime& runtime) {
    if (!runtime.accept_paused.load() || !runtime.accept_paused.exchange(false)) return;
    for (Entrance* entrance : runtime.entrances) {
        entrance->worker_.post([entrance] { entrance->resume(); });
    }
}

}  // namespace proxyd::session
