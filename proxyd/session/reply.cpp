#include "proxyd/session/reply.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "proxyd/http/h1_serializer.h"
#include "proxyd/http/replies.h"
#include "proxyd/session/phases.h"

namespace proxyd::session {

namespace {

const ErrorFile* find_error_file(const Connection& connection, const Exchange& exchange, int status) {
    for (const ProxySettings* section : {exchange.backend, &connection.frontend()}) {
        if (!section) continue;
        if (const auto found = section->error_files.find(status); found != section->error_files.end()) {
            return found->second.get();
        }
    }
    return nullptr;
}

// A request body that is not here as a whole stands in the way of the next request.
bool swallow_body(Exchange& exchange) {
    if (!exchange.context.request || exchange.up.body.done()) return true;
    const http::BodyProgress progress =
        exchange.up.body.decode(exchange.client_in.data(), [](std::string_view) {});
    exchange.client_in.consume(progress.consumed);
    return progress.status == http::BodyStatus::done;
}

// Serializes exchange.response and its body (which must last) into exchange.down.out.
void send(Connection& connection, Exchange& exchange, std::string_view body) {
    prepare_answer(connection, exchange);
    const http::Framing framing = framing_for_client(exchange);
    send_head(connection, exchange, framing);
    if (framing != http::Framing::none) exchange.down.out.add(body);
}

// The text of an `http-error` with expressions, for this request.
std::string_view render(const rules::LogFormat& format, Exchange& exchange) {
    if (const auto constant = format.constant()) return *constant;
    thread_local std::string text;
    text.clear();
    format.render(exchange.context, text);
    return exchange.arena.copy(text);
}

// What a rule gives comes before the fields of the body, as in HAProxy.
template <class Add>
void put_first(http::Message& reply, Add add) {
    std::array<http::Field, 3> own;
    const std::size_t count = std::min(reply.fields.all().size(), own.size());
    std::copy_n(reply.fields.all().begin(), count, own.begin());
    reply.fields.clear();
    add(reply.fields);
    for (std::size_t i = 0; i < count; ++i) reply.fields.append(own[i]);
}

void reply_with_made_page(Connection& connection, Exchange& exchange, const ErrorFile& page) {
    const std::string_view body = render(page.body, exchange);
    std::vector<std::string_view> values;
    for (const auto& [name, format] : page.fields) values.push_back(render(format, exchange));
    discard_response(exchange);
    http::make_reply(page.status, body.empty() ? std::string_view() : page.content_type, body.size(), false,
                     exchange.arena, exchange.response);
    put_first(exchange.response, [&](http::Fields& fields) {
        for (std::size_t i = 0; i < values.size(); ++i)
            if (!values[i].empty()) fields.add(exchange.arena, page.fields[i].first, values[i]);
    });
    send(connection, exchange, body);
}

int status_to_answer(const Exchange& exchange) {
    return exchange.error_status ? exchange.error_status : end_row(exchange.end).status;
}

}  // namespace

void prepare_answer(Connection& connection, Exchange& exchange) {
    http::Message& response = exchange.response;
    rules::Context& context = exchange.context;
    response.is_request = false;
    context.response = &response;
    run_phase(Phase::after_response, connection.frontend(), exchange.backend, context);
    context.status = response.status;
    context.times.response_headers = 0;

    exchange.keep_client = may_keep_client(connection, exchange) && response.keep_alive &&
                           end_row(exchange.end).cause != 'C' && end_row(exchange.end).cause != 'c';
    if (!swallow_body(exchange)) exchange.keep_client = false;
}

void send_head(Connection& connection, Exchange& exchange, http::Framing framing) {
    http::SerializeOptions options;
    options.keep_alive = exchange.keep_client;
    options.framing = framing;
    options.peer_version = exchange.request.version;
    if (connection.frontend().adjust_case_for_clients) options.spelling = connection.runtime.spelling;
    exchange.down.out.clear();
    exchange.down.start(connection.client);
    exchange.down.sink_ends = !exchange.keep_client && !connection.frontend().nolinger;
    http::serialize_head(exchange.response, options, exchange.arena, exchange.down.out);
    exchange.response_begun = true;
}

http::Framing framing_for_client(Exchange& exchange) {
    http::Message& response = exchange.response;
    if (exchange.tunnel || exchange.head_asked || !http::allows_body(response.status))
        return http::Framing::none;
    if (response.framing == http::Framing::none) {
        response.framing = http::Framing::length;
        response.content_length = 0;
    }
    return http::outgoing_framing(response, exchange.request.version);
}

void discard_response(Exchange& exchange) {
    exchange.response.clear();
    exchange.response.arena = &exchange.arena;
    exchange.response_from_server = false;
}

bool may_keep_client(const Connection& connection, const Exchange& exchange) {
    if (!exchange.context.request || !exchange.request.keep_alive) return false;
    if (connection.client_ended || connection.ends_after_answer()) return false;
    if (connection.frontend().keep_alive == KeepAlive::close) return false;
    return !exchange.backend || exchange.backend->keep_alive != KeepAlive::close;
}

void reply_with_page(Connection& connection, Exchange& exchange, int status) {
    discard_response(exchange);
    const std::string_view body = http::make_error(status, exchange.arena, exchange.response);
    exchange.response.status = status;
    send(connection, exchange, body);
}

void reply_with_error(Connection& connection, Exchange& exchange) {
    const int status = status_to_answer(exchange);
    const int page = http::page_status(status);
    const ErrorFile* file = find_error_file(connection, exchange, page);
    if (!file) return reply_with_page(connection, exchange, status);
    if (file->silent) {
        exchange.silent = true;
        exchange.context.status = status;
        return;
    }
    if (file->status != 0) return reply_with_made_page(connection, exchange, *file);
    discard_response(exchange);
    const auto body = http::make_from_file(file->bytes, exchange.arena, exchange.response);
    if (!body) return reply_with_page(connection, exchange, status);  // proven readable at start
    send(connection, exchange, *body);
    exchange.context.status = status;
}

void reply_with_challenge(Connection& connection, Exchange& exchange, std::string_view realm) {
    discard_response(exchange);
    send(connection, exchange, http::make_auth_challenge(realm, false, exchange.arena, exchange.response));
}

void reply_with_service(Connection& connection, Exchange& exchange, ServiceReply reply) {
    discard_response(exchange);
    const std::string_view body = exchange.arena.copy(reply.body);
    http::make_reply(reply.status, exchange.arena.copy(reply.content_type), body.size(), true, exchange.arena,
                     exchange.response);
    for (const auto& [name, value] : reply.fields) exchange.response.fields.add(exchange.arena, name, value);
    send(connection, exchange, body);
}

bool reply_with_redirect(Connection& connection, Exchange& exchange, const rules::Verdict& verdict) {
    discard_response(exchange);
    const http::Redirect redirect{verdict.status, verdict.location, {}};
    if (!http::make_redirect(redirect, exchange.arena, exchange.response)) return false;
    for (const auto& field : verdict.fields)
        exchange.response.fields.add(exchange.arena, field.name, field.value);
    send(connection, exchange, {});
    return true;
}

void reply_with_server_prefix(Connection& connection, Exchange& exchange) {
    const std::string_view location = exchange.arena.concat(
        {exchange.lease.settings()->redirect_prefix, exchange.request.path_and_query()});
    discard_response(exchange);
    if (!http::make_redirect({302, location, {}}, exchange.arena, exchange.response)) {
        exchange.end = End::internal;
        return;
    }
    exchange.response.keep_alive = false;
    send(connection, exchange, {});
}

void reply_with_verdict(Connection& connection, Exchange& exchange, const rules::Verdict& verdict) {
    discard_response(exchange);
    if (!verdict.file.empty()) {
        const auto body = http::make_from_file(verdict.file, exchange.arena, exchange.response);
        return body ? send(connection, exchange, *body)
                    : reply_with_page(connection, exchange, verdict.status);
    }
    http::make_reply(verdict.status, verdict.content_type, verdict.body.size(), false, exchange.arena,
                     exchange.response);
    put_first(exchange.response, [&](http::Fields& fields) {
        for (const auto& field : verdict.fields)  // one without a value is left out, as in HAProxy
            if (!field.value.empty()) fields.add(exchange.arena, field.name, field.value);
    });
    send(connection, exchange, verdict.body);
}

void replace_response(Connection& connection, Exchange& exchange, const rules::Verdict& verdict) {
    using Kind = rules::Verdict::Kind;
    const bool answers = verdict.kind == Kind::deny || verdict.kind == Kind::reply;
    const bool refuses = answers ? verdict.refuses : verdict.kind != Kind::redirect;
    exchange.end = refuses ? End::response_denied : End::response_replaced;
    exchange.error_status = verdict.status;
    exchange.silent = verdict.kind == Kind::reject || verdict.kind == Kind::silent_drop;
    if (verdict.kind == Kind::silent_drop) {  // logged as HAProxy does: refused, with the server's status
        exchange.end = End::denied;
        exchange.context.status = exchange.response.status;
        exchange.context.times.response_headers = 0;
        connection.forget_client();
    }
    if (verdict.kind == Kind::reply) reply_with_verdict(connection, exchange, verdict);
    if (verdict.kind == Kind::deny && !refuses) reply_with_error(connection, exchange);
    if (verdict.kind == Kind::redirect && !reply_with_redirect(connection, exchange, verdict))
        exchange.end = End::internal;
}

}  // namespace proxyd::session
