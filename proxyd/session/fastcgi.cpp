#include "proxyd/session/fastcgi.h"

#include <string>

#include "proxyd/fcgi/connection.h"
#include "proxyd/fcgi/request.h"

namespace proxyd::session {
namespace {

constexpr rules::BodyWait kWholeBody{.wanted = true};

constexpr int kErrorLevel = 3;

void log_error_output(void* log, std::string_view text) {
    static_cast<observe::AccessLog*>(log)->message(kErrorLevel, text);
}

// The size of a chunked body that is here.
bool measure(const Exchange& exchange, std::uint64_t& size) {
    http::BodyRelay probe;
    probe.start(exchange.request, http::Framing::until_close);
    const http::BodyProgress progress = probe.decode(exchange.client_in.data(), [](std::string_view) {});
    size = progress.payload;
    return progress.status == http::BodyStatus::done;
}

}  // namespace

bool fastcgi_body_ready(Exchange& exchange) {
    if (exchange.request.framing == http::Framing::none || exchange.body_wait == &kWholeBody) return true;
    exchange.body_wait = &kWholeBody;
    return false;
}

bool put_fastcgi_request(Connection& connection, Exchange& exchange) {
    const fcgi::App& app = *exchange.lease.settings()->fastcgi;
    const http::Message& request = exchange.request;
    const bool chunked = request.framing == http::Framing::chunked;
    std::uint64_t size = request.framing == http::Framing::length ? request.content_length : 0;
    if (chunked && !measure(exchange, size)) {
        exchange.end = End::bad_body_headers;
        exchange.error_text = "the size of the body is not known in time for the FastCGI application";
        return false;
    }
    thread_local std::string records;
    records.clear();
    if (!fcgi::append_request(app, exchange.context, size, records)) {
        exchange.end = End::internal;
        exchange.error_text = "the path cannot be told to the FastCGI application";
        return false;
    }
    exchange.up.out.clear();
    exchange.up.out.add(exchange.arena.copy(records));
    exchange.up.body.start(request, chunked ? http::Framing::until_close : request.framing);

    fcgi::Connection::Exchange begun;
    begun.head = records.size();
    begun.body = size;
    begun.response.body_wanted = request.method != http::Method::head;
    begun.response.keep_conn = app.keep_conn;
    begun.response.now_s = connection.worker.wall_us() / 1'000'000;
    observe::AccessLog* const log = connection.runtime.app_logs[app.index].get();
    if (log != nullptr) begun.errors = {log_error_output, log};
    exchange.lease.fastcgi().begin(begun);
    return true;
}

}  // namespace proxyd::session
