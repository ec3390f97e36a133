#include "proxyd/session/request_reader.h"

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "proxyd/session/stats_access.h"

namespace proxyd::session {

using net::IoResult;
using net::Waiter;

namespace {

// The request line as it came, for the log. The head was found good: empty lines, this one, CRLF.
std::string_view first_line(std::string_view head) {
    while (head.starts_with("\r\n")) head.remove_prefix(2);
    return head.substr(0, head.find('\r'));
}

}  // namespace

http::ParseOptions request_options(const Connection& connection) {
    http::ParseOptions options{connection.runtime.heads};
    options.max_headers = connection.runtime.max_headers;
    options.max_head = connection.worker.buffers().buffer_size() - connection.runtime.max_rewrite;
    options.accept_invalid = connection.frontend().accept_invalid_request;
    return options;
}

// `timeout http-keep-alive`, else http-request (configuration manual, "timeout http-keep-alive"), but no
// longer than client, as HAProxy has it.
common::TimePoint RequestReader::idle_deadline() const {
    const Timeouts& timeouts = connection_.frontend().timeouts;
    common::Duration limit = timeouts.http_keep_alive;
    if (connection_.requests == 0 || limit.count() == 0) limit = timeouts.http_request;
    if (limit.count() == 0 || (timeouts.client.count() > 0 && timeouts.client < limit))
        limit = timeouts.client;
    return after(connection_.idle_since, limit);
}

// The end of a connection on which no byte of a request came. The first time it may be worth a line and an
// answer.
bool RequestReader::silent(std::unique_ptr<Exchange>& exchange, End end, int status) {
    const bool worth_a_line = connection_.requests == 0 && !connection_.frontend().log.dontlognull;
    const bool timed_out = status == 408;
    if (connection_.requests > 0 || (!worth_a_line && !timed_out)) {
        if (exchange) connection_.entrance.exchanges().give_back(std::move(exchange));
        return true;
    }
    if (!exchange) exchange = connection_.begin_exchange();
    exchange->end = end;
    exchange->context.request_line = "<BADREQ>";
    exchange->context.status = status;
    return false;
}

Step RequestReader::await_first_byte(Waiter::Bits bits, std::unique_ptr<Exchange>& exchange) {
    if (exchange && !exchange->client_in.empty()) return Step::finished();  // pipelined
    const bool first = connection_.requests == 0 && !std::exchange(tried_, true);
    const bool plain = !connection_.client.is_tls();
    const bool early = first && (!plain || connection_.entrance.looks_early());
    if (early || (bits & (kClientBits | Waiter::kStop)) || connection_.client.buffered()) {
        if (!exchange) exchange = connection_.begin_exchange();
        const IoResult result =
            connection_.client.try_read(exchange->client_in.room(connection_.worker.buffers()));
        if (early && plain) connection_.entrance.looked_early(result.ok());
        if (result.ok()) {
            exchange->client_in.commit(result.count);
            exchange->up.bytes_in += result.count;
            return Step::finished();
        }
        if (!result.would_block()) {
            connection_.client_ended = true;
            silent(exchange, End::client_silent, 400);
            return Step::finished();
        }
    }
    if (exchange) connection_.entrance.exchanges().give_back(std::move(exchange));
    connection_.client.release_buffers();
    const common::TimePoint deadline = idle_deadline();
    if (connection_.now() >= deadline) {
        silent(exchange, End::request_timeout, 408);
        return Step::finished();
    }
    // Not yet when only stopping(): the client was promised a kept connection, and its next request may be on
    // the way. It is answered, with `connection: close`; kStop comes when that has had its time.
    const bool waits_for_request = connection_.frontend().idle_close_on_response;
    if ((bits & Waiter::kStop) && !waits_for_request) return Step::finished();
    arm_for_input(connection_.client);
    return Step::wait(waits_for_request ? kClientBits : kClientBits | Waiter::kStop, deadline);
}

void RequestReader::begin(Exchange& exchange) {
    const ProxySettings& frontend = connection_.frontend();
    exchange.request_parser.start_request(request_options(connection_));
    exchange.context.request = &exchange.request;
    exchange.context.times.request_start = micros(connection_.now());
    exchange.context.times.request_wall_us = connection_.worker.wall_us();
    // The first request's time runs from the accept, as a slow handshake and a slow request are the same
    // attack.
    const common::TimePoint start = connection_.requests == 0 ? connection_.idle_since : connection_.now();
    head_deadline_ = after(start, frontend.timeouts.http_request);
    body_wait_ = nullptr;
    exchange.context.requests = ++connection_.requests;
    connection_.state.frontend.request_rate.tick(connection_.now());
    connection_.frontend_counters().requests.add();
    connection_.runtime.state->process.counters.shard(connection_.worker.index()).requests.add();
}

IoResult RequestReader::receive(Exchange& exchange, std::span<char> room) {
    const IoResult result = connection_.client.try_read(room);
    if (result.ok()) {
        exchange.client_in.commit(result.count);
        exchange.up.bytes_in += result.count;
    } else if (!result.would_block()) {
        connection_.client_ended = true;
    }
    return result;
}

Step RequestReader::refuse(Exchange& exchange, End end) {
    exchange.end = end;
    exchange.context.request = nullptr;
    exchange.context.request_line = "<BADREQ>";
    connection_.frontend_counters().request_errors.add();
    return Step::finished();
}

void RequestReader::accept_head(Exchange& exchange, std::size_t size) {
    exchange.context.request_line = first_line(exchange.client_in.data().substr(0, size))
                                        .substr(0, connection_.runtime.longest_logged_line);
    exchange.head_asked = exchange.request.method == http::Method::head;
    exchange.client_in.consume(size);
    exchange.client_in.keep_head();
    exchange.up.body.start(exchange.request, http::Framing::none);  // until it is decided where the body goes
    exchange.context.times.request_done = micros(connection_.now());
}

Step RequestReader::read_head(Exchange& exchange) {
    for (;;) {
        const http::ParseResult parsed =
            exchange.request_parser.parse(exchange.client_in.data(), exchange.request);
        if (parsed.status == http::ParseStatus::done) {
            accept_head(exchange, parsed.consumed);
            return Step::finished();
        }
        if (parsed.status == http::ParseStatus::error) {
            exchange.error_status = parsed.error.status;
            exchange.error_text = parsed.error.text;
            return refuse(exchange, End::bad_request);
        }
        const IoResult result = receive(exchange, exchange.client_in.room(connection_.worker.buffers()));
        if (result.ok()) continue;
        if (!result.would_block()) return refuse(exchange, End::client_left_request);
        common::TimePoint deadline = head_deadline_;
        if (deadline == common::kNever)
            deadline = after(connection_.now(), connection_.frontend().timeouts.client);
        if (connection_.now() >= deadline) return refuse(exchange, End::request_timeout);
        arm_for_input(connection_.client);
        return Step::wait(kClientBits, deadline);
    }
}

// A client that waits for a word before it sends its body (RFC 9110 section 10.1.1) gets it from us.
void RequestReader::ask_for_body(Exchange& exchange) {
    http::Fields& fields = exchange.request.fields;
    const http::Field* expect = fields.find("expect");
    if (expect == nullptr || !common::iequals(expect->value, "100-continue")) return;
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const iovec piece{const_cast<char*>(kContinue.data()), kContinue.size()};
    (void)connection_.client.try_write(std::span(&piece, 1));  // at the start of an answer there is room
    fields.remove_if([](const http::Field& field) { return common::iequals(field.name, "expect"); });
}

Step RequestReader::read_body(Exchange& exchange) {
    const ProxySettings& frontend = connection_.frontend();
    if (exchange.request.framing == http::Framing::none) return Step::finished();
    for (;;) {
        const std::string_view data = exchange.client_in.data();
        exchange.context.body_data = data;
        const rules::BodyWait& settings = exchange.body_wait ? *exchange.body_wait : frontend.body_wait;
        const bool form = !frontend.stats.admin.empty() && exchange.request.method == http::Method::post &&
                          is_stats_request(frontend.stats, exchange.request);
        if (!settings.wanted && !form) return Step::finished();
        http::BodyRelay probe;
        probe.start(exchange.request, http::Framing::none);
        const http::BodyProgress progress = probe.decode(data, [](std::string_view) {});
        const bool enough = settings.at_least > 0 && progress.payload >= settings.at_least;
        if (progress.status != http::BodyStatus::need_more || enough) return Step::finished();
        if (std::exchange(body_wait_, &settings) != &settings) {
            body_deadline_ = settings.time.count() ? connection_.now() + settings.time : head_deadline_;
            if (body_deadline_ == common::kNever)
                body_deadline_ = after(connection_.now(), frontend.timeouts.client);
            ask_for_body(exchange);
        }
        const std::span<char> room = exchange.client_in.room(connection_.worker.buffers());
        if (room.empty()) return Step::finished();
        const IoResult result = receive(exchange, room);
        if (result.ok()) continue;
        if (!result.would_block()) {
            exchange.end = End::client_left_request;
            return Step::finished();
        }
        if (connection_.now() >= body_deadline_) {
            exchange.end = End::request_timeout;
            return Step::finished();
        }
        arm_for_input(connection_.client);
        return Step::wait(kClientBits, body_deadline_);
    }
}

}  // namespace proxyd::session
