#include "proxyd/session/http_session.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "proxyd/session/cached_reply.h"
#include "proxyd/session/decision.h"
#include "proxyd/session/pause.h"
#include "proxyd/session/persistence.h"
#include "proxyd/session/record.h"
#include "proxyd/session/reply.h"
#include "proxyd/session/stickiness.h"

namespace proxyd::session {

using net::Waiter;

HttpSession::~HttpSession() = default;

// A `step` of a stage never waits itself; see step.h.
net::Task<> HttpSession::run(std::unique_ptr<HttpSession> self) {
    HttpSession& session = *self;
    Connection& connection = session.connection_;
    Waiter& waiter = connection.waiter;
    std::unique_ptr<Exchange>& exchange = session.exchange_;
    Waiter::Bits bits = 0;

    const bool taken_over = !session.own_;
    if (!taken_over && !connection.admitted(connection.frontend().tcp_connection)) co_return;
    if (!taken_over && connection.expects_proxy_header()) {
        for (Step step = connection.read_proxy_header(); !step.done; step = connection.read_proxy_header()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
        if (connection.proxy_header_failed()) co_return;
    }
    if (!taken_over && connection.tls_context()) {
        for (Step step = connection.handshake(); !step.done; step = connection.handshake()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
        if (connection.handshake_failed()) co_return;
    }
    if (!taken_over && !connection.admitted(connection.frontend().tcp_session)) co_return;
    if (!taken_over) {
        connection.count_session();
        note_accept(connection);
    }
    do {
        for (;;) {
            const Step step = session.reader_.await_first_byte(bits, exchange);
            if (step.done) break;
            bits = co_await waiter.wait(step.interest, step.deadline);
        }
        if (!exchange) co_return;
        session.begin_exchange();
        for (Step step = session.read_request(); !step.done; step = session.read_request()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
        while (session.wants_server()) {
            const upstream::Failure failure = co_await session.acquire_server();
            session.begin_forwarding(failure);
            bits = 0;
            for (;;) {
                const Step step = session.forward(bits);
                if (step.done) break;
                bits = co_await waiter.wait(step.interest, step.deadline);
            }
        }
        for (Step step = session.deliver_reply(); !step.done; step = session.deliver_reply()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
        bits = 0;
    } while (session.finish_exchange());

    for (Step step = session.linger(); !step.done; step = session.linger()) {
        co_await waiter.wait(step.interest, step.deadline);
    }
}

// The head, then the decision.
Step HttpSession::read_request() {
    if (exchange_->end != End::normal) return Step::finished();  // a silent client's
    Step step = head_read_ ? Step::finished() : reader_.read_head(*exchange_);
    bool decided = false;  // false again while a rule waits
    while (step.done && !decided && exchange_->end == End::normal) {
        head_read_ = true;
        step = wait_out_pause(connection_, *exchange_);
        if (step.done) step = reader_.read_body(*exchange_);
        if (step.done && exchange_->end == End::normal) decided = decide(connection_, *exchange_);
    }
    to_server_ = exchange_->end == End::normal;
    return step;
}

// True once for a request that is to be forwarded, and again when its connection died before it was answered.
bool HttpSession::wants_server() {
    if (std::exchange(to_server_, false)) return true;
    if (!forwarded_ || exchange_->end == End::normal) return false;
    const bool died = forwarder_.worth_a_retry(*exchange_);
    if (!died && !forwarder_.wants_retry(*exchange_)) return false;
    if (!forwarder_.rewind(*exchange_)) return false;
    exchange_->end = End::normal;
    again_ = died ? Again::connection : Again::answer;
    return true;
}

void HttpSession::begin_forwarding(upstream::Failure failure) {
    forwarded_ = failure == upstream::Failure::none;
    if (forwarded_) {
        note_step(connection_, *exchange_, rules::LogStep::connect);
        store_for_request(*exchange_);
        forwarder_.begin(*exchange_);
        forwarded_ = exchange_->end == End::normal;
    } else {
        exchange_->end = end_of(failure);
        if (exchange_->end == End::server_redirect) reply_with_server_prefix(connection_, *exchange_);
    }
}

// Request and response, then the tunnel if they made one.
Step HttpSession::forward(Waiter::Bits bits) {
    if (!forwarded_) return Step::finished();
    if (!tunnel_) {
        const Step step = forwarder_.step(*exchange_, bits);
        if (step.done && exchange_->end != End::normal && !forwarder_.worth_a_retry(*exchange_))
            judge_server(*exchange_);
        if (!step.done || !exchange_->tunnel || exchange_->end != End::normal) return step;
        tunnel_ = std::make_unique<Tunnel>(connection_);
        tunnel_->begin(*exchange_);
    }
    return tunnel_->step(*exchange_, bits);
}

// What the end of an exchange without a whole response head says of the server's health.
void HttpSession::judge_server(Exchange& exchange) {
    using upstream::Seen;
    if (exchange.end == End::server_left_headers) exchange.lease.saw(Seen::server_left);
    if (exchange.end == End::server_timeout_headers) exchange.lease.saw(Seen::response_timeout);
    if (exchange.end == End::bad_response) exchange.lease.saw(Seen::bad_response);
}

void HttpSession::begin_exchange() {
    head_read_ = reply_begun_ = to_server_ = forwarded_ = false;
    again_ = Again::no;
    tunnel_.reset();
    hold_until_ = common::kNever;
    if (exchange_->end == End::normal) reader_.begin(*exchange_);
}

upstream::Backend& HttpSession::backend() const {
    return *connection_.runtime.backends[static_cast<std::size_t>(exchange_->backend->index)];
}

// Called while the request is queued or connecting and the client's socket stirs.
bool HttpSession::client_left(void* self) {
    const auto& session = *static_cast<HttpSession*>(self);
    char byte;
    const ssize_t count = ::recv(session.connection_.client.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

net::Task<upstream::Failure> HttpSession::acquire_server() {
    upstream::Request request;
    request.context = &exchange_->context;
    request.waiter = &connection_.waiter;
    request.kept = &connection_.kept;
    if (exchange_->backend->prefer_last_server) prefer_last_server(connection_.kept, backend(), *exchange_);
    request.wanted = exchange_->wanted;
    request.may_redirect =
        exchange_->request.method == http::Method::get || exchange_->request.method == http::Method::head;
    request.first_request = connection_.requests <= 1;
    request.abort_on_client_close = exchange_->backend->abortonclose;
    request.client_gone = client_left;
    request.client_gone_argument = this;
    if (request.abort_on_client_close) connection_.client.arm_read();
    switch (again_) {
        case Again::connection:
            return backend().reacquire(request, exchange_->lease);
        case Again::answer:
            return backend().retry(request, exchange_->lease);
        default:
            return backend().acquire(request, exchange_->lease);
    }
}

// `tarpit`: the answer waits. True: not any more.
bool HttpSession::held_back_enough() {
    if (exchange_->end != End::tarpitted) return true;
    const ProxySettings& section = exchange_->backend ? *exchange_->backend : connection_.frontend();
    const Timeouts& timeouts = section.timeouts;
    if (hold_until_ == common::kNever) {
        hold_until_ = connection_.now() + (timeouts.tarpit.count() ? timeouts.tarpit : timeouts.connect);
    }
    return connection_.now() >= hold_until_;
}

// Makes the error page that exchange.end asks for, unless a rule or service has made an answer. False:
// nothing to send.
bool HttpSession::make_reply() {
    Exchange& exchange = *exchange_;
    const EndRow& row = end_row(exchange.end);
    reply_deadline_ = after(connection_.now(), connection_.frontend().timeouts.client);
    if (exchange.end == End::normal || exchange.tunnel) return false;
    if (exchange.response_begun && !exchange.response_from_server) return true;
    const bool may_answer = row.answer && !exchange.response_begun && !exchange.silent;
    if (may_answer) reply_with_error(connection_, exchange);
    if (!exchange.response_begun && row.status != 0 && !row.answer) exchange.context.status = row.status;
    const bool answered = may_answer && !exchange.silent;
    if (!answered) exchange.keep_client = false;
    return answered;
}

Step HttpSession::deliver_reply() {
    Exchange& exchange = *exchange_;
    if (!held_back_enough()) return Step::wait(Waiter::kStop, hold_until_);
    if (!std::exchange(reply_begun_, true) && !make_reply()) return Step::finished();
    Flow::State state;
    do {
        state = exchange.down.flush();
        if (exchange.down.moved())
            reply_deadline_ = after(connection_.now(), connection_.frontend().timeouts.client);
    } while (state == Flow::State::done && continue_cached(exchange));
    if (state == Flow::State::done) return Step::finished();
    if (state == Flow::State::sink_error || connection_.now() >= reply_deadline_) {
        exchange.keep_client = false;
        return Step::finished();
    }
    arm_for_output(connection_.client);
    return Step::wait(kClientBits, reply_deadline_);
}

// Counts, logs, gives back what was lent. True: the connection waits for its next request.
bool HttpSession::finish_exchange() {
    Exchange& exchange = *exchange_;
    const bool body_read = exchange.up.drained();
    if (exchange.end == End::normal && !exchange.tunnel) {
        const bool clean = body_read && exchange.response.keep_alive && exchange.server_in.empty() &&
                           exchange.down.drained();
        if (clean && server_may_live()) exchange.lease.release();
    }
    const bool keep = exchange.keep_client && body_read && !connection_.client_ended;
    record_http(connection_, exchange);
    // A client that has announced its last request sends nothing more (RFC 9112 section 9.6).
    const bool was_last =
        body_read && exchange.context.request && !exchange.request.keep_alive && exchange.client_in.empty();
    linger_ = !keep && !was_last && !exchange.tunnel && exchange.response_begun;
    connection_.idle_since = connection_.now();
    if (!keep) {
        connection_.entrance.exchanges().give_back(std::move(exchange_));
        return false;
    }
    connection_.client.arm_read();
    if (exchange.client_in.empty()) {
        connection_.entrance.exchanges().give_back(std::move(exchange_));
    } else {
        exchange.restart();
        connection_.fill_context(exchange);
    }
    return true;
}

bool HttpSession::server_may_live() const {
    return connection_.frontend().keep_alive == KeepAlive::keep_alive &&
           exchange_->backend->keep_alive == KeepAlive::keep_alive;
}

Step HttpSession::linger() {
    return linger_ ? connection_.linger() : Step::finished();
}

}  // namespace proxyd::session
