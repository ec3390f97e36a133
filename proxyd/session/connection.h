// A client connection: what lasts from its accept to its end, whatever it carries. Counts itself in and out.
#pragma once

#include <cstdint>

#include "proxyd/net/proxy_protocol.h"
#include "proxyd/net/stream.h"
#include "proxyd/net/waiter.h"
#include "proxyd/rules/connection_errors.h"
#include "proxyd/session/entrance.h"
#include "proxyd/session/exchange.h"
#include "proxyd/session/runtime.h"
#include "proxyd/session/step.h"

namespace proxyd::session {

// Where a connection came in.
struct Arrival {
    Entrance& entrance;
    int proxy;  // index of the frontend
    int bind;   // index of its bind line
    common::UniqueFd socket;
    const common::Endpoint& peer;
    const common::Endpoint& local;  // empty: not known yet
};

class Connection {
 public:
    explicit Connection(Arrival arrival);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    const ProxySettings& frontend() const { return frontend_; }
    const net::TlsContext* tls_context() const;
    common::TimePoint now() const { return worker.now(); }
    bool stopping() const {
        return runtime.stopping.load(std::memory_order_relaxed) ||
               state.stopping.load(std::memory_order_relaxed);
    }
    // Whether the exchange at hand is the connection's last because of a soft stop.
    bool ends_after_answer() const;
    state::Counters& frontend_counters() const { return state.frontend.counters.shard(worker.index()); }

    // `accept-proxy`, `accept-netscaler-cip` or `tcp-request connection expect-...`: the header of a proxy
    // before us comes first.
    bool expects_proxy_header() const { return expects_proxy_header_ || expects_netscaler_header_; }
    Step read_proxy_header();
    bool proxy_header_failed() const { return proxy_header_failed_; }

    // TLS: false in the end when the handshake failed (it has been logged).
    Step handshake();
    bool handshake_failed() const { return handshake_failed_; }

    // Runs rules that look at the connection alone (tcp-request connection, session). False: it ends here,
    // and the client learns nothing.
    bool admitted(const rules::RuleSet& rules);
    // In the stick-table entries that the connection tracks.
    void count_session() { tracking.count(state::StickData::sess_cnt, state::StickData::sess_rate, 1); }
    // silent-drop: from now on the client gets no packet of ours, not even an end.
    void forget_client();

    // A fresh exchange whose context knows this connection.
    std::unique_ptr<Exchange> begin_exchange();
    void fill_context(Exchange& exchange);

    // After an answer while input may be on its way: sends FIN and drops what still comes, for a moment, so
    // that the answer is not lost to a reset (RFC 9112 section 9.6).
    Step linger();

    Entrance& entrance;
    Runtime& runtime;
    net::Worker& worker;
    state::ProxyState& state;
    state::ListenerState* const listener;
    net::Waiter waiter;
    net::Stream client;
    rules::Tracking tracking;          // stick-table entries, scope connection
    rules::Variables variables{true};  // of rules, scope sess
    upstream::Kept kept;               // a server connection that is this client's alone
    std::uint32_t requests = 0;        // begun on this connection
    bool client_ended = false;         // its FIN was read
    common::TimePoint idle_since;      // end of the last exchange; of accept and handshake for the first

 private:
    common::Duration handshake_patience() const;
    void log_failure(rules::ConnectionError error);
    Step finish_proxy_header(rules::ConnectionError error);
    std::uint32_t netscaler_magic() const;
    bool take_proxy_header(net::ProxyHeader header);

    const ProxySettings& frontend_;
    const int bind_;
    const std::int64_t accept_wall_us_;
    const common::TimePoint accepted_;
    common::TimePoint handshake_done_;
    bool handshake_failed_ = false;
    bool expects_proxy_header_ = false, expects_netscaler_header_ = false;
    bool proxy_header_failed_ = false;
    std::string proxy_bytes_;  // of a header that is not whole yet
    std::unique_ptr<net::ProxyHeader> proxy_header_;
    bool counted_tls_ = false;
    bool lingering_ = false;
    // What rules made of the addresses, if they changed them.
    struct Addresses {
        common::Endpoint source, destination;
    };
    std::unique_ptr<Addresses> changed_;
    common::TimePoint linger_until_{};
};

// Microseconds as rules::Timings has them.
inline std::int64_t micros(common::TimePoint time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

}  // namespace proxyd::session
