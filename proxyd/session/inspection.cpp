#include "proxyd/session/inspection.h"

#include <sys/socket.h>

#include <utility>

#include "proxyd/session/pause.h"
#include "proxyd/session/request_reader.h"

namespace proxyd::session {

namespace {

using rules::Verdict;

bool apply(Connection& connection, Exchange& exchange, const Verdict& verdict) {
    using Kind = Verdict::Kind;
    if (verdict.kind == Kind::pass || verdict.kind == Kind::allow || verdict.kind == Kind::switch_http)
        return true;
    exchange.end = End::denied;
    exchange.silent = true;
    connection.frontend_counters().denied_requests.add();
    if (verdict.kind == Verdict::Kind::silent_drop) connection.forget_client();
    return false;
}

}  // namespace

void Inspection::begin(Exchange& exchange, const ProxySettings& section) {
    section_ = &section;
    next_rule_ = 0;
    deadline_ = connection_.now() + section.inspect_delay;
    if (exchange.context.request == nullptr)
        exchange.request_parser.start_request(request_options(connection_));
}

// Rules may ask for what an HTTP request has, as soon as its head is whole.
void Inspection::look_for_head(Exchange& exchange) {
    rules::Context& context = exchange.context;
    if (context.request != nullptr || no_head_) return;
    const http::ParseResult parsed =
        exchange.request_parser.parse(exchange.client_in.data(), exchange.request);
    context.head_awaited = parsed.status == http::ParseStatus::need_more && !context.input_final;
    no_head_ = parsed.status == http::ParseStatus::error;
    if (parsed.status == http::ParseStatus::done) context.request = &exchange.request;
}

// True: there is something new to look at.
bool Inspection::read_more(Exchange& exchange) {
    const std::span<char> room = exchange.client_in.room(connection_.worker.buffers());
    if (room.empty()) {
        ended_ = true;
        return true;
    }
    const net::IoResult result = connection_.client.try_read(room);
    if (result.would_block()) return false;
    if (result.ok()) {
        exchange.client_in.commit(result.count);
        exchange.up.bytes_in += result.count;
        return true;
    }
    ended_ = connection_.client_ended = true;
    return true;
}

Step Inspection::step(Exchange& exchange) {
    if (section_->tcp_content.empty()) return Step::finished();
    rules::Context& context = exchange.context;
    if (const Step step = wait_out_pause(connection_, exchange); !step.done) return step;
    for (;;) {
        const bool late = connection_.now() >= deadline_;
        if (!exchange.client_in.empty()) context.client_data = exchange.client_in.data();
        context.input_final = ended_ || late;
        look_for_head(exchange);
        const Verdict verdict = section_->tcp_content.run(context, next_rule_);
        if (verdict.kind == Verdict::Kind::wait) {
            pause(connection_, exchange, verdict);
            next_rule_ = std::exchange(exchange.next_rule, 0);
            return wait_out_pause(connection_, exchange);
        }
        if (verdict.kind != Verdict::Kind::undecided) {
            context.input_final = true;
            context.head_awaited = false;
            becomes_http_ = verdict.kind == Verdict::Kind::switch_http;
            apply(connection_, exchange, verdict);
            return Step::finished();
        }
        if (read_more(exchange)) continue;
        arm_for_input(connection_.client);
        return Step::wait(kClientBits, deadline_);
    }
}

namespace {

// False: nothing of the response goes to the client.
bool apply_to_response(Connection& connection, Exchange& exchange, const Verdict& verdict) {
    switch (verdict.kind) {
        case Verdict::Kind::close:
            ::shutdown(exchange.lease.stream().fd(), SHUT_RDWR);
            return true;
        case Verdict::Kind::silent_drop:
            connection.forget_client();
            exchange.end = End::denied;
            break;
        case Verdict::Kind::reject:
            exchange.end = End::response_rejected;
            break;
        default:
            return true;
    }
    exchange.silent = true;
    return false;
}

}  // namespace

void ResponseInspection::begin(Connection& connection, const Exchange& exchange) {
    pending_ = !exchange.backend->http_mode && !exchange.backend->tcp_response.empty();
    ended_ = closing_ = false;
    deadline_ = connection.now() + exchange.backend->response_inspect_delay;
}

void ResponseInspection::look(Connection& connection, Exchange& exchange) {
    rules::Context& context = exchange.context;
    net::Stream& server = exchange.lease.stream();
    for (;;) {
        context.server_data = exchange.server_in.data();
        context.input_final = ended_ || connection.now() >= deadline_;
        const Verdict verdict = exchange.backend->tcp_response.run(context);
        context.input_final = true;
        pending_ = verdict.kind == Verdict::Kind::undecided;
        if (!pending_) {
            closing_ = verdict.kind == Verdict::Kind::close;
            apply_to_response(connection, exchange, verdict);
            return;
        }
        const std::span<char> room = exchange.server_in.room(connection.worker.buffers());
        ended_ = room.empty();
        if (ended_) continue;
        const net::IoResult result = server.try_read(room);
        if (result.would_block()) return arm_for_input(server);
        ended_ = !result.ok();
        if (ended_) continue;
        exchange.server_in.commit(result.count);
        exchange.down.bytes_in += result.count;
    }
}

// Without a delay HAProxy's rules have run before anything of the response was there.
bool inspect_response(Connection& connection, Exchange& exchange) {
    const ProxySettings& section = *exchange.backend;
    if (section.tcp_response.empty() || section.response_inspect_delay.count() == 0) return true;
    return apply_to_response(connection, exchange, section.tcp_response.run(exchange.context));
}

Passed inspect_request(Connection& connection, Exchange& exchange, const ProxySettings& section) {
    if (section.tcp_content.empty()) return Passed::on;
    const std::size_t from = std::exchange(exchange.next_rule, 0);
    const Verdict verdict = section.tcp_content.run(exchange.context, from);
    if (verdict.kind == Verdict::Kind::wait) {
        pause(connection, exchange, verdict);
        return Passed::waits;
    }
    return apply(connection, exchange, verdict) ? Passed::on : Passed::decided;
}

}  // namespace proxyd::session
