#include "proxyd/session/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <sys/socket.h>

#include <chrono>
#include <random>

#include "proxyd/net/netscaler_header.h"
#include "proxyd/net/reset_on_close.h"

namespace proxyd::session {

using namespace std::chrono_literals;
using net::Waiter;

namespace {

// How long a client may take to read our last answer before the connection goes.
constexpr auto kLinger = 1s;
// A handshake that takes longer than this is no client (used when the configuration sets no timeout).
constexpr auto kLongestHandshake = 60s;

using Error = rules::ConnectionError;

// What the beginning of a connection says, as one of the two headers.
struct Preamble {
    Error error = Error::none;
    std::size_t size = 0;  // 0: more bytes are needed
};

// Why these bytes are no PROXY header.
Error fault_of(std::string_view bytes) {
    constexpr std::string_view kLine = "PROXY ";
    const auto begins_as = [&](std::string_view start) {
        return bytes.substr(0, start.size()) == start.substr(0, bytes.size());
    };
    if (begins_as(kLine)) {
        const std::string_view protocol = bytes.substr(std::min(bytes.size(), kLine.size()));
        const bool known = protocol.starts_with("TCP4 ") || protocol.starts_with("TCP6 ");
        return known ? Error::proxy_invalid : Error::proxy_protocol;
    }
    const std::size_t at = net::kProxySignature.size();
    const bool version_2 = bytes.size() <= at || static_cast<unsigned char>(bytes[at]) >> 4 == 2;
    return begins_as(net::kProxySignature) && version_2 ? Error::proxy_invalid : Error::proxy_missing;
}

Preamble as_proxy_header(std::string_view bytes, net::ProxyHeader& header) {
    const net::ProxyResult result = net::parse_proxy_header(bytes, header);
    if (result.status == net::ProxyStatus::error) return {fault_of(bytes), 0};
    return {Error::none, result.status == net::ProxyStatus::done ? result.consumed : 0};
}

Preamble as_netscaler_header(std::string_view bytes, std::uint32_t magic, net::ProxyHeader& header) {
    const net::NetscalerResult result = net::parse_netscaler_header(bytes, magic, header);
    if (result.status == net::ProxyStatus::error)
        return {
            result.fault == net::NetscalerFault::magic ? Error::netscaler_magic : Error::netscaler_protocol,
            0};
    return {Error::none, result.status == net::ProxyStatus::done ? result.consumed : 0};
}

// How waiting for a header can end without it.
struct WaitErrors {
    Error empty, aborted, timeout, truncated;
};
constexpr WaitErrors kProxyErrors{Error::proxy_empty, Error::proxy_aborted, Error::proxy_timeout,
                                  Error::proxy_truncated};
constexpr WaitErrors kNetscalerErrors{Error::netscaler_empty, Error::netscaler_aborted,
                                      Error::netscaler_timeout, Error::netscaler_truncated};

// Why a TLS handshake came to nothing.
Error fault_of(const net::IoResult& result, unsigned long code) {
    if (result.would_block()) return Error::tls_timeout;
    if (result.kind == net::IoResult::Kind::end) return Error::tls_empty;
    return ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED ? Error::tls_certificate
                                                                   : Error::tls_handshake;
}

}  // namespace

Connection::Connection(Arrival arrival)
    : entrance(arrival.entrance),
      runtime(entrance.runtime()),
      worker(entrance.worker()),
      state(*runtime.state->proxies[static_cast<std::size_t>(arrival.proxy)]),
      listener(static_cast<std::size_t>(arrival.bind) < state.listeners.size()
                   ? state.listeners[static_cast<std::size_t>(arrival.bind)].get()
                   : nullptr),
      waiter(worker),
      client(worker, arrival.socket.release(), arrival.peer, arrival.local),
      idle_since(worker.now()),
      frontend_(*(*runtime.proxies)[static_cast<std::size_t>(arrival.proxy)]),
      bind_(arrival.bind),
      accept_wall_us_(worker.wall_us()),
      accepted_(worker.now()),
      handshake_done_(accepted_) {
    client.attach(waiter, Waiter::kClientIn, Waiter::kClientOut);
    if (frontend_.nolinger) net::reset_on_close(client.fd());
    state::ProcessState& process = runtime.state->process;
    process.connections.enter();
    process.connection_rate.tick(accepted_);
    process.session_rate.tick(accepted_);
    process.counters.shard(worker.index()).connections.add();
    process.counters.shard(worker.index()).sessions.add();
    state.frontend.sessions.enter();
    state.frontend.session_rate.tick(accepted_);
    state.frontend.last_session_ms.store(accept_wall_us_ / 1000, std::memory_order_relaxed);
    frontend_counters().connections.add();
    frontend_counters().sessions.add();
    if (listener) listener->sessions.enter();
    const auto bind = static_cast<std::size_t>(bind_);
    expects_proxy_header_ = bind < frontend_.binds.size() && frontend_.binds[bind].accept_proxy;
    expects_netscaler_header_ = bind < frontend_.binds.size() && frontend_.binds[bind].accept_netscaler;
}

Connection::~Connection() {
    client.close();
    state::ProcessState& process = runtime.state->process;
    if (counted_tls_) process.tls_connections.leave();
    if (listener) listener->sessions.leave();
    state.frontend.sessions.leave();
    process.connections.leave();
    Entrance::connection_ended(runtime);
}

const net::TlsContext* Connection::tls_context() const {
    const auto proxy = static_cast<std::size_t>(frontend_.index);
    if (proxy >= runtime.tls.size() || static_cast<std::size_t>(bind_) >= runtime.tls[proxy].size())
        return nullptr;
    return runtime.tls[proxy][static_cast<std::size_t>(bind_)].get();
}

common::Duration Connection::handshake_patience() const {
    const Timeouts& timeouts = frontend_.timeouts;
    for (const common::Duration each : {timeouts.client_handshake, timeouts.client})
        if (each.count() > 0) return each;
    return kLongestHandshake;
}

bool Connection::ends_after_answer() const {
    if (!stopping()) return false;
    const common::Duration spread = runtime.close_spread;
    if (spread.count() <= 0) return true;
    if (spread == common::Duration::max()) return false;
    // The later, the more likely.
    static thread_local std::minstd_rand dice{std::random_device{}()};
    const auto passed =
        now() - common::TimePoint(std::chrono::milliseconds(runtime.stopping_since_ms.load()));
    return passed >= spread ||
           std::uniform_int_distribution<common::Duration::rep>(0, spread.count())(dice) < passed.count();
}

// Reads no byte too many: what follows the header belongs to TLS or to the request. A PROXY header comes
// before one of NetScaler's.
Step Connection::read_proxy_header() {
    const common::Duration limit = handshake_patience();
    for (;;) {
        const WaitErrors& errors = expects_proxy_header_ ? kProxyErrors : kNetscalerErrors;
        char bytes[net::kLongestProxyHeader];
        const ssize_t seen = ::recv(client.fd(), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
        std::size_t wanted = 1;  // nothing there: the stream itself shall find that out
        net::ProxyHeader header;
        Preamble preamble;
        if (seen > 0) {
            const auto count = static_cast<std::size_t>(seen);
            const std::string all = proxy_bytes_ + std::string(bytes, count);
            preamble = expects_proxy_header_ ? as_proxy_header(all, header)
                                             : as_netscaler_header(all, netscaler_magic(), header);
            if (preamble.error != Error::none) return finish_proxy_header(preamble.error);
            wanted = preamble.size > 0 ? preamble.size - proxy_bytes_.size() : count;
        }
        const net::IoResult read = client.try_read(std::span(bytes, wanted));
        if (read.would_block()) {
            if (now() >= accepted_ + limit)
                return finish_proxy_header(proxy_bytes_.empty() ? errors.timeout : errors.truncated);
            client.arm_read();
            return Step::wait(kClientBits, accepted_ + limit);
        }
        if (!read.ok() && !proxy_bytes_.empty()) return finish_proxy_header(errors.truncated);
        if (!read.ok())
            return finish_proxy_header(read.kind == net::IoResult::Kind::end ? errors.empty : errors.aborted);
        proxy_bytes_.append(bytes, read.count);
        if (preamble.size == 0 || read.count < wanted) continue;
        if (take_proxy_header(std::move(header))) return finish_proxy_header(Error::none);
    }
}

std::uint32_t Connection::netscaler_magic() const {
    const auto bind = static_cast<std::size_t>(bind_);
    return bind < frontend_.binds.size() ? frontend_.binds[bind].netscaler_magic : 0;
}

// False: another one follows.
bool Connection::take_proxy_header(net::ProxyHeader header) {
    if (!header.local) changed_ = std::make_unique<Addresses>(Addresses{header.source, header.destination});
    if (!expects_proxy_header_) return true;
    proxy_header_ = std::make_unique<net::ProxyHeader>(std::move(header));
    proxy_bytes_.clear();
    expects_proxy_header_ = false;
    return !expects_netscaler_header_;
}

// No error: the header is there.
Step Connection::finish_proxy_header(Error error) {
    proxy_bytes_ = {};
    handshake_done_ = idle_since = now();
    proxy_header_failed_ = error != Error::none;
    if (proxy_header_failed_) log_failure(error);
    return Step::finished();
}

Step Connection::handshake() {
    state::ProcessState& process = runtime.state->process;
    if (!client.is_tls()) {
        const int most = runtime.limits.tls_connections;
        if (most > 0 && process.tls_connections.now() >= most) {
            handshake_failed_ = true;
            log_failure(Error::tls_too_many);
            return Step::finished();
        }
        if (auto started = client.start_tls_server(*tls_context()); !started) {
            handshake_failed_ = true;
            return Step::finished();
        }
        counted_tls_ = true;
        process.tls_connections.enter();
        process.tls_rate.tick(now());
        process.total_tls.fetch_add(1, std::memory_order_relaxed);
    }
    const common::TimePoint deadline = accepted_ + handshake_patience();
    const net::IoResult result = client.try_handshake();
    if (result.ok()) {
        handshake_done_ = idle_since = now();
        return Step::finished();
    }
    if (!result.would_block() || now() >= deadline) {
        handshake_failed_ = true;
        log_failure(fault_of(result, client.tls_error_code()));
        return Step::finished();
    }
    client.wants_write() ? client.arm_write() : client.arm_read();
    return Step::wait(kClientBits, deadline);
}

void Connection::log_failure(Error error) {
    observe::AccessLog* log = runtime.logs[static_cast<std::size_t>(frontend_.index)].get();
    if (!log || frontend_.log.dontlognull) return;
    const std::unique_ptr<Exchange> exchange = begin_exchange();
    rules::Context& context = exchange->context;
    context.connection_error = static_cast<int>(error);
    context.tls_error = client.tls_error_code();
    // A bind line without a name is known by its number.
    const std::string number = std::to_string(bind_ + 1);
    if (context.listener_name.empty()) context.listener_name = number;
    log->write_error(worker, context, 6, rules::connection_error_text(context.connection_error));
}

bool Connection::admitted(const rules::RuleSet& rules) {
    if (rules.empty()) return true;
    std::unique_ptr<Exchange> exchange = begin_exchange();
    rules::Context& context = exchange->context;
    const common::Endpoint source = context.source, destination = context.destination;
    const rules::Verdict verdict = rules.run(context);
    expects_proxy_header_ |= context.expect_proxy;
    expects_netscaler_header_ |= context.expect_netscaler;
    if (!(context.source == source) || !(context.destination == destination))
        changed_ = std::make_unique<Addresses>(Addresses{context.source, context.destination});
    entrance.exchanges().give_back(std::move(exchange));
    if (verdict.kind == rules::Verdict::Kind::pass || verdict.kind == rules::Verdict::Kind::allow)
        return true;
    if (verdict.kind == rules::Verdict::Kind::silent_drop) forget_client();
    return false;
}

void Connection::forget_client() {
    const int fd = client.fd(), on = 1, one_hop = 1;
    // A socket under repair closes without a word. Where that is not allowed, what is sent does not get far.
    if (::setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) {
        ::setsockopt(fd, IPPROTO_IP, IP_TTL, &one_hop, sizeof one_hop);
        ::setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &one_hop, sizeof one_hop);
        net::reset_on_close(fd);
    }
    client_ended = true;
}

std::unique_ptr<Exchange> Connection::begin_exchange() {
    std::unique_ptr<Exchange> exchange = entrance.exchanges().take();
    fill_context(*exchange);
    return exchange;
}

void Connection::fill_context(Exchange& exchange) {
    rules::Context& context = exchange.context;
    context.arena = &exchange.arena;
    context.variables = &exchange.variables;
    context.tracking = &exchange.tracking;
    context.session_tracking = &tracking;
    context.session_variables = &variables;
    context.source = changed_ ? changed_->source : client.peer();
    context.destination = changed_ ? changed_->destination : client.local();
    context.tls = client.is_tls();
    context.tls_info = client.tls_info();
    context.client_fd = client.fd();
    context.proxy_header = proxy_header_.get();
    context.client_timeout = &frontend_.timeouts.client;
    context.default_backend = frontend_.default_backend_name;
    context.frontend_name = context.backend_name = frontend_.name;
    context.server_name = "<NOSRV>";
    if (listener) {
        context.listener_name = listener->name;
        context.listener_id = listener->id;
    }
    context.frontend = &state;
    context.process = &runtime.state->process;
    context.shared = runtime.state;
    context.http_mode = frontend_.http_mode;
    context.names = runtime.names;
    context.waiter = &waiter;
    context.step_log = runtime.logs[static_cast<std::size_t>(frontend_.index)].get();
    if (!runtime.state->caches.empty()) {
        if (!exchange.cache) exchange.cache = std::make_unique<cache::Visit>();
        context.cache = exchange.cache.get();
    }
    context.unique_number = entrance.next_number();
    // Accept and handshake belong to the first request; a later one begins where the former ended.
    context.times.accept_wall_us =
        requests == 0 ? accept_wall_us_ : accept_wall_us_ + micros(idle_since) - micros(accepted_);
    context.times.accepted = micros(requests == 0 ? accepted_ : idle_since);
    context.times.handshake_done = micros(requests == 0 ? handshake_done_ : idle_since);
}

Step Connection::linger() {
    if (!lingering_) {
        lingering_ = true;
        linger_until_ = now() + kLinger;
        if (client_ended || !client.open() || frontend_.nolinger) return Step::finished();
        client.shutdown_write();
    }
    // A client that sends for as long as we listen is cut off by the deadline; a chatty one sooner.
    char sink[4096];
    for (int round = 0; round < 16; ++round) {
        const ssize_t count = ::recv(client.fd(), sink, sizeof sink, MSG_DONTWAIT);
        if (count > 0) continue;
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) return Step::finished();
        break;
    }
    if (now() >= linger_until_ || stopping()) return Step::finished();
    client.arm_read();
    return Step::wait(kClientBits, linger_until_);
}

}  // namespace proxyd::session
