#include "proxyd/session/decision.h"

#include <algorithm>
#include <span>
#include <utility>

#include "proxyd/http/replies.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/session/cached_reply.h"
#include "proxyd/session/captures.h"
#include "proxyd/session/fastcgi.h"
#include "proxyd/session/forwarded.h"
#include "proxyd/session/forwarded_for.h"
#include "proxyd/session/inspection.h"
#include "proxyd/session/pause.h"
#include "proxyd/session/persistence.h"
#include "proxyd/session/phases.h"
#include "proxyd/session/record.h"
#include "proxyd/session/reply.h"
#include "proxyd/session/stats_access.h"

namespace proxyd::session {

namespace {

using rules::Verdict;

StatsVisit stats_visit(const StatsSettings& stats, Exchange& exchange) {
    const bool admin = std::ranges::any_of(
        stats.admin, [&](const rules::Condition& each) { return each.evaluate(exchange.context); });
    StatsVisit visit{exchange.request, admin, {}};
    if (exchange.request.method == http::Method::post)
        visit.form = exchange.context.body_data.substr(0, exchange.request.content_length);
    return visit;
}

// The page of the section, when the request asks for it. True: answered.
bool serve_stats(Connection& connection, Exchange& exchange, const ProxySettings& section) {
    const StatsSettings& stats = section.stats;
    if (!is_stats_request(stats, exchange.request)) return false;
    exchange.end = End::local_reply;
    exchange.context.server_name = "<STATS>";
    const Verdict access = stats.access.empty() ? Verdict{} : stats.access.run(exchange.context);
    if (access.kind == Verdict::Kind::deny) {
        exchange.end = End::denied;
        exchange.error_status = access.status;
    } else if (access.kind == Verdict::Kind::challenge) {
        reply_with_challenge(connection, exchange, access.realm);
    } else if (!stats_allowed(stats, exchange.request)) {
        reply_with_challenge(connection, exchange, stats.realm);
    } else if (connection.runtime.stats) {
        reply_with_service(connection, exchange,
                           connection.runtime.stats(stats, section, stats_visit(stats, exchange)));
    } else {
        exchange.end = End::no_server;
    }
    return true;
}

// True: the exchange is decided.
bool apply(Connection& connection, Exchange& exchange, const Verdict& verdict) {
    switch (verdict.kind) {
        case Verdict::Kind::undecided:    // not asked here
        case Verdict::Kind::switch_http:  // done
        case Verdict::Kind::pass:
        case Verdict::Kind::allow:
            return false;
        case Verdict::Kind::deny:
            exchange.end = verdict.refuses ? End::denied : End::local_reply;
            exchange.error_status = verdict.status;
            if (!verdict.refuses) reply_with_error(connection, exchange);
            return true;
        case Verdict::Kind::tarpit:
            exchange.end = End::tarpitted;
            exchange.error_status = verdict.status;
            if (verdict.own_answer)
                reply_with_verdict(connection, exchange, verdict);  // sent when it is time
            return true;
        case Verdict::Kind::redirect:
            exchange.end = End::local_reply;
            if (!reply_with_redirect(connection, exchange, verdict)) exchange.end = End::internal;
            return true;
        case Verdict::Kind::reply:
            exchange.end = verdict.refuses ? End::denied : End::local_reply;
            reply_with_verdict(connection, exchange, verdict);
            return true;
        case Verdict::Kind::challenge:
            exchange.end = End::local_reply;
            reply_with_challenge(connection, exchange, verdict.realm);
            return true;
        case Verdict::Kind::service:
            exchange.end = End::local_reply;
            exchange.context.server_name = "<PROMEX>";
            if (connection.runtime.metrics) {
                reply_with_service(connection, exchange, connection.runtime.metrics(exchange.request));
            } else {
                exchange.end = End::internal;
            }
            return true;
        case Verdict::Kind::wait_body:
            exchange.body_wait = verdict.wait;
            exchange.next_rule = verdict.next;
            return false;
        case Verdict::Kind::wait:
            pause(connection, exchange, verdict);
            return false;
        case Verdict::Kind::silent_drop:
            connection.forget_client();
            [[fallthrough]];
        case Verdict::Kind::close:
        case Verdict::Kind::reject:
            exchange.end = End::denied;
            exchange.silent = true;
            return true;
    }
    return true;
}

void count_denied(Connection& connection, Exchange& exchange) {
    if (exchange.end != End::denied && exchange.end != End::tarpitted) return;
    note_cookie_of_denied(exchange);
    connection.frontend_counters().denied_requests.add();
    if (exchange.context.backend) {
        exchange.context.backend->backend.counters.shard(connection.worker.index()).denied_requests.add();
    }
}

// 103 goes out at once, whatever the answer will be (RFC 8297). Where there is no room for it, it is left
// out.
void send_early_hints(Connection& connection, Exchange& exchange) {
    const std::string_view hints = std::exchange(exchange.context.early_hints, {});
    if (hints.empty() || exchange.request.version == http::Version::http_1_0) return;
    const std::string_view text = exchange.arena.concat({"HTTP/1.1 103 Early Hints\r\n", hints, "\r\n"});
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    const net::IoResult result = connection.client.try_write(std::span(&piece, 1));
    if (!result.ok()) return;
    exchange.down.bytes_out += result.count;
    if (result.count < text.size()) exchange.end = End::client_left_headers;
}

// `option http-restrict-req-hdr-names`. False: the request is denied.
bool names_pass(Exchange& exchange, OddNames policy) {
    const auto odd = [](const http::Field& field) {
        return !std::ranges::all_of(field.name, [](char c) { return rules::is_alnum(c) || c == '-'; });
    };
    if (policy == OddNames::remove) {
        exchange.request.fields.remove_if(odd);
        return true;
    }
    if (std::ranges::none_of(exchange.request.fields.all(), odd)) return true;
    exchange.end = End::denied;
    return false;
}

// Phases 3 and 4, or 6.
Passed pass_section(Connection& connection, Exchange& exchange, Phase phase, const ProxySettings& section) {
    const std::size_t from = std::exchange(exchange.next_rule, 0);
    const Verdict verdict = run_phase(phase, connection.frontend(), &section, exchange.context, from);
    const bool decided = apply(connection, exchange, verdict);
    if (!exchange.context.early_hints.empty()) send_early_hints(connection, exchange);
    if (decided) {
        count_denied(connection, exchange);
        return Passed::decided;
    }
    if (exchange.end != End::normal) return Passed::decided;
    if (verdict.kind == Verdict::Kind::wait_body || verdict.kind == Verdict::Kind::wait) return Passed::waits;
    if (section.odd_names != OddNames::preserve && !names_pass(exchange, section.odd_names)) {
        count_denied(connection, exchange);
        return Passed::decided;
    }
    if (exchange.cache && serve_cached(connection, exchange)) return Passed::decided;
    // After the rules, as HAProxy has it: `http-request deny` guards the page.
    return serve_stats(connection, exchange, section) ? Passed::decided : Passed::on;
}

bool is_monitor_request(const ProxySettings& frontend, const http::Message& request) {
    return !frontend.monitor_uri.empty() && request.path_and_query() == frontend.monitor_uri;
}

}  // namespace

void enter_backend(Connection& connection, Exchange& exchange, int index) {
    const auto place = static_cast<std::size_t>(index);
    const ProxySettings& backend = *(*connection.runtime.proxies)[place];
    state::ProxyState& state = *connection.runtime.state->proxies[place];
    exchange.backend = &backend;
    exchange.context.backend = &state;
    exchange.context.backend_name = backend.name;
    if (!backend.cookie.name.empty())
        exchange.context.termination.cookie_request = exchange.context.termination.cookie_response = 'N';
    exchange.context.server_timeout = &backend.timeouts.server;
    exchange.context.tunnel_timeout = &backend.timeouts.tunnel;
    state.backend.sessions.enter();
    state.backend.session_rate.tick(connection.now());
    state.backend.counters.shard(connection.worker.index()).sessions.add();
    state.backend.counters.shard(connection.worker.index()).requests.add();
    state.backend.last_session_ms.store(connection.worker.wall_us() / 1000, std::memory_order_relaxed);
}

void make_unique_id(const ProxySettings& frontend, Exchange& exchange) {
    if (frontend.unique_id_format.empty()) return;
    thread_local std::string text;
    text.clear();
    frontend.unique_id_format.render(exchange.context, text);
    exchange.context.unique_id = exchange.arena.copy(text);
}

namespace {

// What is known of a request before any rule.
void note_request(const ProxySettings& frontend, Exchange& exchange) {
    capture_request(frontend, exchange);
    make_unique_id(frontend, exchange);
    using Stage = Exchange::Stage;
    exchange.stage = exchange.stage == Stage::inspected ? Stage::counted : Stage::content;
}

// False: decided.
bool count_request(Connection& connection, Exchange& exchange) {
    const ProxySettings& frontend = connection.frontend();
    for (rules::Tracking* tracking : {&connection.tracking, &exchange.tracking})
        tracking->count(state::StickData::http_req_cnt, state::StickData::http_req_rate, 1);
    exchange.stage = Exchange::Stage::frontend;
    if (!is_monitor_request(frontend, exchange.request)) return true;
    exchange.end = End::local_reply;
    const bool failing = std::ranges::any_of(
        frontend.monitor_fails, [&](const auto& each) { return each.evaluate(exchange.context); });
    reply_with_page(connection, exchange, failing ? 503 : 200);
    return false;
}

// False: decided.
bool choose(Connection& connection, Exchange& exchange) {
    exchange.stage = Exchange::Stage::chosen;
    if (exchange.backend != nullptr) return true;
    const int index = choose_backend(connection.frontend(), exchange.context);
    if (index < 0 || !connection.runtime.backends[static_cast<std::size_t>(index)]) {
        exchange.end = End::no_server;
        return false;
    }
    enter_backend(connection, exchange, index);
    if (!exchange.backend->http_mode) exchange.end = End::wrong_mode;
    return exchange.end == End::normal;
}

// What a request takes along to the server.
void complete_request(const ProxySettings& frontend, Exchange& exchange) {
    if (!frontend.captures.cookie.empty()) capture_request_cookie(frontend, exchange);
    choose_server(exchange);
    if (!frontend.unique_id_header.empty() && !exchange.context.unique_id.empty())
        exchange.request.fields.add(exchange.arena, frontend.unique_id_header, exchange.context.unique_id);
    if (frontend.tells_addresses || exchange.backend->tells_addresses) {
        add_forwarded(*exchange.backend, exchange.context, exchange.request);
        add_addresses(frontend, *exchange.backend, exchange.context, exchange.request);
    }
}

}  // namespace

bool decide(Connection& connection, Exchange& exchange) {
    using Stage = Exchange::Stage;
    const ProxySettings& frontend = connection.frontend();
    if (exchange.stage <= Stage::inspected) note_request(frontend, exchange);
    if (exchange.stage == Stage::content) {
        const Passed passed = inspect_request(connection, exchange, frontend);
        if (passed != Passed::on) return passed == Passed::decided;
        exchange.stage = Stage::counted;
    }
    if (exchange.stage == Stage::counted && !count_request(connection, exchange)) return true;
    if (exchange.stage == Stage::frontend) {
        const Passed passed = pass_section(connection, exchange, Phase::frontend_request, frontend);
        if (passed != Passed::on) return passed == Passed::decided;
        if (!choose(connection, exchange)) return true;
    }
    const bool other = exchange.backend != &frontend;
    if (exchange.stage == Stage::chosen && other) {
        const Passed passed = inspect_request(connection, exchange, *exchange.backend);
        if (passed != Passed::on) return passed == Passed::decided;
        exchange.stage = Stage::backend;
    }
    if (exchange.stage == Stage::backend && other) {
        const Passed passed = pass_section(connection, exchange, Phase::backend_request, *exchange.backend);
        if (passed != Passed::on) return passed == Passed::decided;
    }
    exchange.stage = Stage::passed;
    if (exchange.backend->fastcgi && !fastcgi_body_ready(exchange)) return false;
    complete_request(frontend, exchange);
    note_step(connection, exchange, rules::LogStep::request);
    return true;
}

}  // namespace proxyd::session
