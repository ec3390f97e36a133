#include "proxyd/session/forwarder.h"

#include <algorithm>
#include <cerrno>

#include "common/text.h"
#include "proxyd/cache/cookie_check.h"
#include "proxyd/session/captures.h"
#include "proxyd/session/compression.h"
#include "proxyd/session/fastcgi.h"
#include "proxyd/session/persistence.h"

#include "proxyd/http/h1_serializer.h"
#include "proxyd/session/inspection.h"
#include "proxyd/session/phases.h"
#include "proxyd/session/record.h"
#include "proxyd/session/reply.h"

namespace proxyd::session {

using net::IoResult;
using net::Waiter;

namespace {

// A server that sends more interim responses than this before its answer is broken or hostile.
constexpr int kMostInterimResponses = 16;

KeepAlive connection_mode(const Connection& connection, const Exchange& exchange) {
    return std::max(connection.frontend().keep_alive, exchange.backend->keep_alive);
}

// RFC 9110 section 9.2.2.
bool is_idempotent(http::Method method) {
    using http::Method;
    return method == Method::get || method == Method::head || method == Method::put ||
           method == Method::del || method == Method::options || method == Method::trace;
}

}  // namespace

// The head into exchange.up, and how the body follows it.
void Forwarder::put_request(Exchange& exchange) {
    const http::Message& request = exchange.request;
    http::SerializeOptions options;
    const bool pretend = exchange.backend->http_pretend_keepalive;
    options.keep_alive = connection_mode(connection_, exchange) == KeepAlive::keep_alive || pretend;
    const bool compressed = compress_request(connection_, exchange);
    options.framing =
        compressed ? http::Framing::chunked : http::outgoing_framing(request, http::Version::http_1_1);
    if (exchange.backend->adjust_case_for_servers) options.spelling = connection_.runtime.spelling;
    exchange.up.out.clear();
    http::serialize_head(request, options, exchange.arena, exchange.up.out);
    exchange.up.body.start(request, compressed ? http::Framing::until_close : options.framing);
}

void Forwarder::begin(Exchange& exchange) {
    http::Message& request = exchange.request;
    net::Stream& server = exchange.lease.stream();
    client_activity_ = server_activity_ = connection_.now();
    client_waited_ = server_waited_ = server_readable_ = client_readable_ = false;
    client_watched_ = !connection_.client_ended;
    up_done_ = up_broken_ = head_done_ = interim_pending_ = hold_ended_ = false;
    hold_ = nullptr;
    hold_until_ = paused_until_ = common::kNever;
    next_rule_ = 0;

    choose_coding(connection_.frontend(), exchange);
    if (const std::string& header = exchange.backend->name_header; !header.empty()) {
        request.fields.remove_if(
            [&](const http::Field& field) { return common::iequals(field.name, header); });
        request.fields.add(exchange.arena, header, exchange.context.server_name);
    }
    if (!exchange.lease.settings()->fastcgi)
        put_request(exchange);
    else if (!put_fastcgi_request(connection_, exchange))
        return;
    if (exchange.backend->drop_request_trailers) exchange.up.body.drop_trailers();
    exchange.up.start(connection_.client, exchange.client_in, server);
    if (exchange.context.bandwidth != nullptr)
        obey_orders(exchange.context, true, connection_.now(), exchange.up.throttle);
    allow_splicing(connection_.frontend(), exchange);

    exchange.response.clear();
    exchange.response.arena = &exchange.arena;
    expect_response(exchange);
    exchange.server_source = server.local();
    exchange.server_destination = server.peer();
    exchange.context.server_fd = server.fd();
    exchange.context.server_tls = server.tls_info();
    exchange.context.server_source = &exchange.server_source;
    exchange.context.server_destination = &exchange.server_destination;
}

void Forwarder::expect_response(Exchange& exchange) const {
    http::ParseOptions options{connection_.runtime.heads};
    options.max_headers = connection_.runtime.max_headers;
    options.max_head = connection_.worker.buffers().buffer_size() - connection_.runtime.max_rewrite;
    options.accept_invalid = exchange.backend->accept_invalid_response;
    exchange.response_parser.start_response(options, exchange.request.method);
}

bool Forwarder::rewind(Exchange& exchange) {
    if (!exchange.client_in.rewind()) return false;
    exchange.server_in.release();
    exchange.context.response = nullptr;
    exchange.response_from_server = exchange.retry_answer = false;
    return true;
}

bool Forwarder::may_retry(const Exchange& exchange) const {
    const rules::Context& context = exchange.context;
    const bool answered = exchange.response_begun || exchange.response_from_server ||
                          exchange.interim_responses != 0 || !exchange.down.out.empty();
    if (!context.retry_answers || answered) return false;
    const upstream::Backend& backend =
        *connection_.runtime.backends[static_cast<std::size_t>(exchange.backend->index)];
    return context.retries < backend.retries_of(context) && exchange.client_in.intact();
}

bool Forwarder::wants_retry(const Exchange& exchange) const {
    const unsigned causes = exchange.backend->upstream.retry_on;
    unsigned cause = 0;
    if (exchange.end == End::server_left_headers)
        cause = exchange.server_in.empty() ? upstream::kRetryEmpty : upstream::kRetryJunk;
    else if (exchange.end == End::server_timeout_headers)
        cause = upstream::kRetryTimeout;
    else if (exchange.end == End::bad_response)
        cause = upstream::kRetryJunk;
    return exchange.retry_answer || ((causes & cause) != 0 && may_retry(exchange));
}

bool Forwarder::worth_a_retry(const Exchange& exchange) const {
    return exchange.end == End::server_left_headers && exchange.lease.reused() &&
           exchange.server_in.empty() && exchange.interim_responses == 0 &&
           is_idempotent(exchange.request.method);
}

// The end of the exchange by the phase that the response is in. Always false, for `return finish(...)`.
bool Forwarder::finish(Exchange& exchange, End headers, End data) {
    exchange.end = exchange.response_begun ? data : headers;
    return false;
}

// Moves the request on. False: the exchange is over.
bool Forwarder::send_request(Exchange& exchange) {
    const Flow::State state = exchange.up.pump(connection_.worker);
    if (exchange.up.moved()) client_activity_ = server_activity_ = connection_.now();
    switch (state) {
        case Flow::State::done:
            up_done_ = true;
            return true;
        case Flow::State::wants_input:
            client_waited_ = true;
            arm_for_input(connection_.client);
            return true;
        case Flow::State::wants_output:
            server_waited_ = true;
            arm_for_output(exchange.lease.stream());
            return true;
        case Flow::State::again:
            connection_.client.arm_read();
            return true;
        case Flow::State::limited:
            resume_at_ = std::min(resume_at_, exchange.up.throttle->resume_at());
            return true;
        case Flow::State::sink_error:
            // It may have answered before it closed: 413 and the like.
            up_done_ = up_broken_ = server_readable_ = true;
            return true;
        case Flow::State::cut:
        case Flow::State::source_error:
            connection_.client_ended = true;
            return finish(exchange, End::client_left_upload, End::client_left_data);
        case Flow::State::bad_framing:
            return finish(exchange, exchange.up.nothing_sent() ? End::bad_request : End::bad_body_headers,
                          End::client_left_data);
    }
    return true;
}

// Reads from the server until the parser is content or there is nothing. False: the exchange is over.
bool Forwarder::read_response(Exchange& exchange) {
    net::Stream& server = exchange.lease.stream();
    for (;;) {
        if (!look_at_response(exchange)) return false;
        if (head_done_ || interim_pending_ || paused_until_ != common::kNever) return true;
        if (!server_readable_ && !server.buffered()) break;
        const std::span<char> room = exchange.server_in.room(connection_.worker.buffers());
        if (hold_ != nullptr && room.empty()) {
            hold_ended_ = true;
            continue;
        }
        const IoResult result = server.try_read(room);
        if (result.would_block()) break;
        if (!result.ok() && hold_ != nullptr) {
            hold_ended_ = true;
            continue;
        }
        if (!result.ok()) {
            // Nonsense is FastCGI's: what it is to be translated from.
            exchange.end = result.error == EBADMSG ? End::bad_response : End::server_left_headers;
            return false;
        }
        exchange.server_in.commit(result.count);
        exchange.down.bytes_in += result.count;
        server_activity_ = connection_.now();
    }
    server_readable_ = false;
    server_waited_ |= up_done_;
    arm_for_input(server);
    return true;
}

// What is here: a head, or the body that a rule waits for. False: the exchange is over.
bool Forwarder::look_at_response(Exchange& exchange) {
    if (paused_until_ != common::kNever) {
        if (connection_.now() < paused_until_) return true;
        paused_until_ = common::kNever;
        return apply_response_rules(exchange);
    }
    if (hold_ == nullptr && !exchange.server_in.empty() && !take_response_head(exchange)) return false;
    while (hold_ != nullptr && held_enough(exchange)) {
        hold_ = nullptr;
        hold_until_ = common::kNever;
        if (!apply_response_rules(exchange)) return false;
    }
    return true;
}

bool Forwarder::held_enough(Exchange& exchange) {
    const std::string_view data = exchange.server_in.data();
    exchange.context.response_body_data = data;
    http::BodyRelay probe;
    probe.start(exchange.response, http::Framing::none);
    const http::BodyProgress progress = probe.decode(data, [](std::string_view) {});
    const bool enough = hold_->at_least > 0 && progress.payload >= hold_->at_least;
    return enough || hold_ended_ || progress.status != http::BodyStatus::need_more;
}

// False: the response is unusable. Otherwise more is needed, or a head (final or interim) went to the client.
bool Forwarder::take_response_head(Exchange& exchange) {
    const http::ParseResult parsed =
        exchange.response_parser.parse(exchange.server_in.data(), exchange.response);
    if (parsed.status == http::ParseStatus::need_more) return true;
    if (parsed.status == http::ParseStatus::error) {
        exchange.error_text = parsed.error.text;
        exchange.end = End::bad_response;
        return false;
    }
    const int status = exchange.response.status;
    if (const auto& again = exchange.backend->upstream.retry_statuses;
        !again.empty() && std::ranges::find(again, status) != again.end() && may_retry(exchange)) {
        exchange.retry_answer = true;
        exchange.end = End::bad_response;
        return false;
    }
    exchange.server_in.consume(parsed.consumed);
    const bool switching = status == 101 && exchange.request.upgrade && exchange.response.upgrade;
    if (status == 101 && !switching) {
        exchange.end = End::bad_response;
        return false;
    }
    if (status < 200 && !switching) return pass_interim(exchange);
    const bool bad = status >= 500 && status != 501 && status != 505;
    exchange.lease.saw(bad ? upstream::Seen::bad_status : upstream::Seen::good_response);
    exchange.server_in.keep_head();
    exchange.tunnel = switching || (exchange.request.method == http::Method::connect && status < 300);
    exchange.context.times.response_headers = micros(connection_.now());
    exchange.context.response = &exchange.response;
    exchange.response_from_server = true;
    exchange.context.response_body_data = exchange.server_in.data();
    capture_response(connection_.frontend(), exchange);
    judge_response(connection_, exchange);
    return apply_response_rules(exchange);
}

// False: a rule put another answer in the response's place.
bool Forwarder::apply_response_rules(Exchange& exchange) {
    using Kind = rules::Verdict::Kind;
    if (next_rule_ == 0 && !inspect_response(connection_, exchange)) {
        exchange.context.status = exchange.response.status;
        return false;
    }
    const rules::Verdict verdict =
        run_phase(Phase::response, connection_.frontend(), exchange.backend, exchange.context, next_rule_);
    if (verdict.kind == Kind::wait_body) {
        hold_ = verdict.wait;
        hold_until_ = connection_.now() + hold_->time;
        next_rule_ = verdict.next;
        return true;
    }
    if (verdict.kind == Kind::wait) {
        paused_until_ = connection_.now() + verdict.pause;
        next_rule_ = verdict.next;
        return true;
    }
    if (verdict.kind == Kind::pass || verdict.kind == Kind::allow) {
        if (exchange.backend->checkcache && cache::exposes_cookie(exchange.request.method, exchange.response))
            return block_cookie(exchange);
        tell_server(exchange);
        pass_response(exchange);
        return true;
    }
    replace_response(connection_, exchange, verdict);
    return false;
}

// option checkcache. Always false: the answer is replaced.
bool Forwarder::block_cookie(Exchange& exchange) {
    rules::Verdict denied;
    denied.kind = rules::Verdict::Kind::deny;
    denied.status = 502;
    replace_response(connection_, exchange, denied);
    constexpr int kAlert = 1;
    observe::AccessLog* const log =
        connection_.runtime.logs[static_cast<std::size_t>(exchange.backend->index)].get();
    if (log != nullptr)
        log->message(kAlert, "Blocking cacheable cookie in response from instance " + exchange.backend->name +
                                 ", server " + std::string(exchange.context.server_name) + ".");
    return false;
}

// 100 Continue, 103 Early Hints: passed on as they come (RFC 9110 section 15.2), but not to HTTP/1.0.
bool Forwarder::pass_interim(Exchange& exchange) {
    if (++exchange.interim_responses > kMostInterimResponses) {
        exchange.end = End::bad_response;
        exchange.error_text = "too many interim responses";
        return false;
    }
    if (exchange.request.version == http::Version::http_1_1) {
        http::SerializeOptions options;
        options.peer_version = exchange.request.version;
        if (connection_.frontend().adjust_case_for_clients) options.spelling = connection_.runtime.spelling;
        exchange.down.start(connection_.client);
        http::serialize_head(exchange.response, options, exchange.arena, exchange.down.out);
        interim_pending_ = true;
    } else {
        exchange.response.clear();
        exchange.server_in.restart();
    }
    expect_response(exchange);
    return true;
}

// The final head goes to the client, the body follows.
void Forwarder::pass_response(Exchange& exchange) {
    http::Message& response = exchange.response;
    run_phase(Phase::after_response, connection_.frontend(), exchange.backend, exchange.context);
    exchange.context.status = response.status;
    http::Framing framing = framing_for_client(exchange);
    const bool compressed = framing != http::Framing::none && compress_response(exchange);
    if (compressed) framing = http::Framing::chunked;
    // An answer to half a request: the rest is not waited for once the answer is out.
    exchange.keep_client = may_keep_client(connection_, exchange) && framing != http::Framing::until_close &&
                           !exchange.tunnel && up_done_ && !up_broken_;
    http::SerializeOptions options;
    options.keep_alive = exchange.keep_client;
    options.framing = framing;
    options.peer_version = exchange.request.version;
    if (connection_.frontend().adjust_case_for_clients) options.spelling = connection_.runtime.spelling;
    exchange.down.start(exchange.lease.stream(), exchange.server_in, connection_.client);
    http::serialize_head(response, options, exchange.arena, exchange.down.out);
    exchange.down.body.start(response, compressed ? http::Framing::until_close : framing);
    if (exchange.context.bandwidth != nullptr) {
        obey_orders(exchange.context, false, connection_.now(), exchange.down.throttle);
        obey_orders(exchange.context, true, connection_.now(), exchange.up.throttle);
    }
    if (exchange.cache) exchange.down.record(exchange.cache->recording.get());
    if (connection_.frontend().drop_response_trailers) exchange.down.body.drop_trailers();
    // What a reset follows must have left before.
    exchange.down.sink_ends = !exchange.keep_client && !exchange.tunnel && !connection_.frontend().nolinger;
    note_step(connection_, exchange, rules::LogStep::response);
    if (connection_.frontend().log.logasap) log_early(connection_, exchange);
    exchange.response_begun = true;
    head_done_ = true;
    interim_pending_ = false;
}

// Moves the response on. False: the exchange is over, well or not.
bool Forwarder::relay_response(Exchange& exchange) {
    const Flow::State state = exchange.down.pump(connection_.worker);
    if (exchange.down.moved()) client_activity_ = server_activity_ = connection_.now();
    switch (state) {
        case Flow::State::done:
            if (exchange.cache && exchange.cache->recording) exchange.cache->recording->finish();
            return false;
        case Flow::State::wants_input:
            server_waited_ = true;
            arm_for_input(exchange.lease.stream());
            return true;
        case Flow::State::wants_output:
            client_waited_ = true;
            arm_for_output(connection_.client);
            return true;
        case Flow::State::again:
            exchange.lease.stream().arm_read();
            return true;
        case Flow::State::limited:
            resume_at_ = std::min(resume_at_, exchange.down.throttle->resume_at());
            return true;
        case Flow::State::cut:
        case Flow::State::source_error:
            exchange.end = End::server_left_data;
            break;
        case Flow::State::sink_error:
            exchange.end = End::client_left_data;
            break;
        case Flow::State::bad_framing:
            exchange.end = End::bad_body_data;
            break;
    }
    exchange.keep_client = false;
    if (exchange.end == End::bad_body_data && exchange.down.nothing_sent()) {
        // The head is not out yet: the client gets a whole error instead of half an answer.
        exchange.end = End::bad_response;
        exchange.response_begun = exchange.response_from_server = false;
    }
    return false;
}

// Interim response on its way to the client. False: the exchange is over.
bool Forwarder::receive_head(Exchange& exchange) {
    for (;;) {
        if (interim_pending_) {
            const Flow::State state = exchange.down.flush();
            if (exchange.down.moved()) client_activity_ = connection_.now();
            if (state == Flow::State::sink_error) {
                exchange.end = End::client_left_headers;
                return false;
            }
            if (state == Flow::State::wants_output) {
                client_waited_ = true;
                arm_for_output(connection_.client);
                return true;
            }
            interim_pending_ = false;
            exchange.response.clear();
            exchange.server_in.restart();
        }
        if (!read_response(exchange)) return false;
        if (!interim_pending_) return true;
    }
}

// The request is sent and the server thinks: a client that leaves is noticed, what it pipelines is kept for
// later.
void Forwarder::watch_client(Exchange& exchange) {
    net::Stream& client = connection_.client;
    while (client_watched_ && (client_readable_ || client.buffered())) {
        const std::span<char> room = exchange.client_in.room(connection_.worker.buffers());
        if (room.empty()) {
            client_watched_ = false;
            return;
        }
        const IoResult result = client.try_read(room);
        if (result.would_block()) break;
        if (result.ok()) {
            exchange.client_in.commit(result.count);
            client_readable_ = result.count == room.size();
            continue;
        }
        client_watched_ = false;
        connection_.client_ended = true;
        // Half a connection is legal: the answer is still wanted, unless the option says that no such client
        // exists.
        const bool left = result.kind == IoResult::Kind::error || exchange.backend->abortonclose;
        if (left) finish(exchange, End::client_left_headers, End::client_left_data);
        return;
    }
    client_readable_ = false;
    if (!client_watched_) return;
    client.is_tls() ? arm_for_input(client) : client.arm_read_late();
}

bool Forwarder::check_deadlines(Exchange& exchange) {
    const common::TimePoint now = connection_.now();
    if (client_waited_ && now >= after(client_activity_, connection_.frontend().timeouts.client)) {
        return finish(exchange, End::client_timeout_headers, End::client_timeout_data);
    }
    if (now >= hold_until_) return finish(exchange, End::server_timeout_headers, End::server_timeout_data);
    if (server_waited_ && now >= after(server_activity_, server_timeout(exchange))) {
        return finish(exchange, End::server_timeout_headers, End::server_timeout_data);
    }
    return true;
}

Step Forwarder::wait(Exchange& exchange) {
    common::TimePoint deadline = common::kNever;
    if (client_waited_) deadline = after(client_activity_, connection_.frontend().timeouts.client);
    if (server_waited_) deadline = std::min(deadline, after(server_activity_, server_timeout(exchange)));
    return Step::wait(kClientBits | kServerBits | Waiter::kMail,
                      std::min({deadline, hold_until_, paused_until_, resume_at_}));
}

Step Forwarder::step(Exchange& exchange, Waiter::Bits bits) {
    server_readable_ |= (bits & Waiter::kServerIn) != 0;
    client_readable_ |= (bits & Waiter::kClientIn) != 0;
    if ((bits & Waiter::kMail) != 0 && exchange.lease.evicted()) {
        finish(exchange, evicted_headers(exchange.lease), evicted_data(exchange.lease));
        return Step::finished();
    }
    const bool expired = (bits & Waiter::kDeadline) != 0;
    if (expired && !check_deadlines(exchange)) return Step::finished();
    client_waited_ = server_waited_ = false;
    resume_at_ = common::kNever;
    if (!up_done_ && !send_request(exchange)) return Step::finished();
    if (!head_done_ && !receive_head(exchange)) return Step::finished();
    if (head_done_ && !relay_response(exchange)) return Step::finished();
    if (up_done_ && !up_broken_) watch_client(exchange);
    if (exchange.end != End::normal) return Step::finished();
    return wait(exchange);
}

}  // namespace proxyd::session
