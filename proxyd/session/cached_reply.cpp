#include "proxyd/session/cached_reply.h"

#include <charconv>
#include <utility>

#include "proxyd/session/captures.h"
#include "proxyd/session/compression.h"
#include "proxyd/session/phases.h"
#include "proxyd/session/reply.h"

namespace proxyd::session {

namespace {

using Kind = rules::Verdict::Kind;

// What is compressed and written at a time.
constexpr std::size_t kPiece = 16384;

void count_lookups(Connection& connection, Exchange& exchange) {
    const auto count = static_cast<std::uint64_t>(std::exchange(exchange.cache->lookups, 0));
    if (count == 0) return;
    state::Counters& counters =
        exchange.context.backend ? exchange.context.backend->backend.counters.shard(connection.worker.index())
                                 : connection.frontend_counters();
    counters.cache_lookups.add(count);
    if (exchange.cache->hit) counters.cache_hits.add();
}

void fill_response(Exchange& exchange, const cache::Object& object) {
    http::Message& response = exchange.response;
    object.fill(response);
    if (exchange.cache->not_modified) {
        response.status = 304;
        response.reason = {};
    }
    char digits[24];
    const auto end = std::to_chars(digits, std::end(digits), object.age_at(cache::steady_seconds())).ptr;
    response.fields.add(exchange.arena, "age", {digits, end});
}

// The http-response rules. True: the response goes out.
bool pass_rules(Connection& connection, Exchange& exchange) {
    rules::Verdict verdict;
    do {  // a rule that waits for the body has it already
        verdict = run_phase(Phase::response, connection.frontend(), exchange.backend, exchange.context,
                            verdict.next);
    } while (verdict.kind == Kind::wait_body);
    if (verdict.kind == Kind::pass || verdict.kind == Kind::allow) return true;
    replace_response(connection, exchange, verdict);
    if (exchange.end == End::response_replaced) exchange.end = End::local_reply;
    return false;
}

// No time passed on a way to a server.
void settle_times(Connection& connection, rules::Timings& times) {
    times.queue_done = times.connected = times.response_headers = micros(connection.now());
}

void add_body(Exchange& exchange, const cache::Object& object, http::Framing framing) {
    if (framing != http::Framing::chunked) return exchange.down.out.add(object.body);
    if (!object.body.empty()) {
        const std::span<char> size = exchange.arena.allocate(24);
        char* const end = std::to_chars(size.data(), size.data() + 20, object.body.size(), 16).ptr;
        end[0] = '\r';
        end[1] = '\n';
        exchange.down.out.add({size.data(), end + 2});
        exchange.down.out.add(object.body);
        exchange.down.out.add("\r\n");
    }
    exchange.down.out.add("0\r\n\r\n");
}

void send_object(Connection& connection, Exchange& exchange, const cache::Object& object) {
    prepare_answer(connection, exchange);
    settle_times(connection, exchange.context.times);
    http::Framing framing = framing_for_client(exchange);
    const bool compressed = framing != http::Framing::none && compress_response(exchange);
    if (compressed) framing = http::Framing::chunked;
    if (framing == http::Framing::until_close) exchange.keep_client = false;
    send_head(connection, exchange, framing);
    if (compressed) {
        exchange.cache->unsent = object.body;
        exchange.down.sink_ends = false;  // until its last piece
    } else if (framing != http::Framing::none) {
        add_body(exchange, object, framing);
    }
}

}  // namespace

bool serve_cached(Connection& connection, Exchange& exchange) {
    if (!exchange.cache) return false;
    count_lookups(connection, exchange);
    if (!exchange.cache->hit) return false;
    const cache::Object& object = *exchange.cache->hit;
    exchange.context.server_name = "<CACHE>";
    exchange.end = End::local_reply;
    choose_coding(connection.frontend(), exchange);
    discard_response(exchange);
    fill_response(exchange, object);
    exchange.context.response = &exchange.response;
    exchange.context.response_body_data = object.body;
    capture_response(connection.frontend(), exchange);
    judge_response(connection, exchange);
    if (pass_rules(connection, exchange)) send_object(connection, exchange, object);
    return true;
}

bool continue_cached(Exchange& exchange) {
    const http::Compressor* compressor = exchange.down.compressor();
    if (!exchange.cache || !exchange.cache->hit || compressor == nullptr || compressor->finished())
        return false;
    std::string_view& rest = exchange.cache->unsent;
    const std::string_view piece = rest.substr(0, kPiece);
    rest.remove_prefix(piece.size());
    exchange.down.add_compressed(piece, rest.empty());
    if (rest.empty()) exchange.down.sink_ends = !exchange.keep_client;
    return true;
}

}  // namespace proxyd::session
