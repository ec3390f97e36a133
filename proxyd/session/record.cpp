#include "proxyd/session/record.h"

#include <algorithm>

namespace proxyd::session {

namespace {

using state::Counters;

// One set of counters, the same for frontend, backend and server.
void count_bytes(Counters& counters, const rules::Context& context) {
    counters.bytes_in.add(context.bytes_from_client);
    counters.bytes_out.add(context.bytes_to_client);
}

void count_status(Counters& counters, int status) {
    const int hundreds = status / 100;
    counters.responses[hundreds >= 1 && hundreds <= 5 ? static_cast<std::size_t>(hundreds) : 0].add();
}

void count_aborts(Counters& counters, const EndRow& row) {
    if (row.client_abort) counters.client_aborts.add();
    if (row.server_abort) counters.server_aborts.add();
}

std::uint64_t span_us(std::int64_t from, std::int64_t to) {
    return from > 0 && to > from ? static_cast<std::uint64_t>(to - from) : 0;
}

// Sums behind qtime, ctime, rtime, ttime: requests that reached a server.
void count_times(Counters& counters, const rules::Timings& times) {
    if (times.connected == 0) return;
    counters.timed.add();
    counters.queue_us.add(span_us(times.request_done, times.queue_done));
    counters.connect_us.add(span_us(times.queue_done, times.connected));
    counters.response_us.add(span_us(times.connected, times.response_headers));
    counters.total_us.add(span_us(times.request_start, times.finished));
}

bool is_response_error(End end) {
    return end == End::server_left_headers || end == End::server_timeout_headers ||
           end == End::bad_response || end == End::server_left_data || end == End::bad_body_data;
}

bool response_refused(End end) {
    return end == End::response_denied || end == End::response_rejected;
}

// Failed attempts to connect were counted by the backend itself.
bool never_connected(End end) {
    return end == End::no_server || end == End::queue_timeout || end == End::queue_full;
}

void count_backend(Counters& counters, const Exchange& exchange, const EndRow& row) {
    count_bytes(counters, exchange.context);
    count_aborts(counters, row);
    if (is_response_error(exchange.end)) counters.response_errors.add();
    if (response_refused(exchange.end)) counters.denied_responses.add();
    count_times(counters, exchange.context.times);
}

// In the stick-table entries that this exchange or its connection tracks.
void count_tracked(rules::Tracking& tracking, const rules::Context& context) {
    using state::StickData;
    if (!tracking.any()) return;
    tracking.count(StickData::bytes_in_cnt, StickData::bytes_in_rate, context.bytes_from_client);
    tracking.count(StickData::bytes_out_cnt, StickData::bytes_out_rate, context.bytes_to_client);
    if (context.status >= 400 && context.status < 500)
        tracking.count(StickData::http_err_cnt, StickData::http_err_rate, 1);
    if (context.status >= 500 && context.status != 501 && context.status != 505)
        tracking.count(StickData::http_fail_cnt, StickData::http_fail_rate, 1);
}

void count_compression(Counters& counters, const http::Compressor& compressor) {
    counters.compressed_in.add(compressor.bytes_in());
    counters.compressed_out.add(compressor.bytes_out());
    counters.compressed_responses.add();
}

void note_so_far(const Connection& connection, Exchange& exchange) {
    rules::Context& context = exchange.context;
    context.times.finished = micros(connection.now());
    context.bytes_to_client = exchange.down.bytes_out;
    context.bytes_from_client = exchange.up.bytes_in;
    context.active_connections = connection.runtime.state->process.connections.now();
    context.frontend_connections = connection.state.frontend.sessions.now();
}

void note_sessions_behind(rules::Context& context) {
    if (context.backend) context.backend_connections = context.backend->backend.sessions.now();
    if (context.server) context.server_connections = context.server->sessions.now();
}

// Of a request that a rule held back or left without an answer HAProxy tells no time of the request, and the
// former as time in the queue.
void note_refusal(Exchange& exchange) {
    rules::Timings& times = exchange.context.times;
    const bool tarpitted = exchange.end == End::tarpitted;
    if (times.connected != 0 || (!tarpitted && !(exchange.end == End::denied && exchange.silent))) return;
    times.request_done = 0;
    if (tarpitted) times.queue_done = times.finished;
}

// Fills in what is known only now, and counts.
void settle(Connection& connection, Exchange& exchange) {
    rules::Context& context = exchange.context;
    const int worker = connection.worker.index();
    const EndRow& row = end_row(exchange.end);
    context.termination.cause = row.cause;
    context.termination.phase = row.phase;
    note_so_far(connection, exchange);
    if (context.http_mode) note_refusal(exchange);

    count_tracked(exchange.tracking, context);
    count_tracked(connection.tracking, context);
    Counters& frontend = connection.frontend_counters();
    count_bytes(frontend, context);
    count_aborts(frontend, row);
    if (response_refused(exchange.end)) frontend.denied_responses.add();
    if (context.backend) {
        Counters& backend = context.backend->backend.counters.shard(worker);
        count_backend(backend, exchange, row);
        if (never_connected(exchange.end)) backend.connect_errors.add();
    }
    if (context.server) count_backend(context.server->counters.shard(worker), exchange, row);
}

// Leaves backend and server, so that the log shows who is still there without us, as HAProxy does.
void leave(Exchange& exchange) {
    rules::Context& context = exchange.context;
    exchange.lease = upstream::Lease();
    if (context.backend) context.backend->backend.sessions.leave();
    note_sessions_behind(context);
}

void write_log(Connection& connection, Exchange& exchange) {
    if (exchange.logged) return;
    const ProxySettings& frontend = connection.frontend();
    observe::AccessLog* log = connection.runtime.logs[static_cast<std::size_t>(frontend.index)].get();
    if (log) log->write(connection.worker, exchange.context);
}

}  // namespace

void log_early(Connection& connection, Exchange& exchange) {
    rules::Context& context = exchange.context;
    note_so_far(connection, exchange);
    context.bytes_to_client += exchange.down.out.bytes();
    note_sessions_behind(context);
    context.log_early = true;
    write_log(connection, exchange);
    context.log_early = false;
    exchange.logged = true;
}

void log_step(Connection& connection, Exchange& exchange, rules::LogStep step) {
    observe::AccessLog* log =
        connection.runtime.logs[static_cast<std::size_t>(connection.frontend().index)].get();
    if (log == nullptr || !log->wants(step)) return;
    note_so_far(connection, exchange);
    log->write_step(connection.worker, exchange.context, step);
}

void note_accept(Connection& connection) {
    if (connection.frontend().log.steps == 0) return;
    std::unique_ptr<Exchange> exchange = connection.begin_exchange();
    log_step(connection, *exchange, rules::LogStep::accept);
    connection.entrance.exchanges().give_back(std::move(exchange));
}

void record_http(Connection& connection, Exchange& exchange) {
    rules::Context& context = exchange.context;
    settle(connection, exchange);
    const int worker = connection.worker.index();
    if (context.status > 0) {
        count_status(connection.frontend_counters(), context.status);
        if (context.backend) count_status(context.backend->backend.counters.shard(worker), context.status);
        if (context.server && exchange.response_from_server)
            count_status(context.server->counters.shard(worker), context.status);
    }
    if (const http::Compressor* compressor = exchange.down.compressor()) {
        count_compression(connection.frontend_counters(), *compressor);
        if (context.backend) count_compression(context.backend->backend.counters.shard(worker), *compressor);
    }
    leave(exchange);
    const bool monitor = exchange.backend == nullptr && exchange.end == End::local_reply &&
                         !connection.frontend().monitor_uri.empty() && context.request &&
                         exchange.request.path_and_query() == connection.frontend().monitor_uri;
    if (!monitor) write_log(connection, exchange);
}

void record_tcp(Connection& connection, Exchange& exchange) {
    settle(connection, exchange);
    leave(exchange);
    const bool nothing_came = exchange.context.bytes_from_client == 0;
    if (nothing_came && connection.frontend().log.dontlognull) return;
    write_log(connection, exchange);
}

}  // namespace proxyd::session
