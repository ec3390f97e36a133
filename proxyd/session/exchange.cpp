#include "proxyd/session/exchange.h"

#include <utility>

namespace proxyd::session {

void Exchange::reset() {
    clear();
    client_in.release();
}

void Exchange::restart() {
    clear();
    client_in.restart();
    up.bytes_in = client_in.data().size();
}

void Exchange::clear() {
    lease = upstream::Lease();
    server_in.release();
    request.clear();
    response.clear();
    arena.reset();
    request.arena = response.arena = &arena;
    context = rules::Context();
    variables.clear();
    tracking.clear();
    if (cache) cache->clear();
    up.out.clear();
    down.out.clear();
    up.drop_compressor();
    down.drop_compressor();
    request_compressed = false;
    coding = http::Coding::identity;
    up.drop_pipe();
    down.drop_pipe();
    up.throttle.reset();
    down.throttle.reset();
    up.bytes_in = up.bytes_out = down.bytes_in = down.bytes_out = 0;
    up.error = down.error = 0;
    backend = nullptr;
    stage = Stage::arrived;
    next_rule = 0;
    paused = false;
    body_wait = nullptr;
    wanted = told_server = balance::kNone;
    cookie_renewed = cookie_given = 0;
    ignore_persistence = false;
    end = End::normal;
    error_status = 0;
    error_text = "";
    keep_client = response_begun = response_from_server = tunnel = head_asked = false;
    silent = retry_answer = logged = false;
    interim_responses = 0;
}

void allow_splicing(const ProxySettings& frontend, Exchange& exchange) {
    exchange.up.spliced = exchange.down.spliced = false;
    for (const ProxySettings* section : {&frontend, exchange.backend}) {
        exchange.up.spliced |= section->splice_request;
        exchange.down.spliced |= section->splice_response;
    }
}

std::unique_ptr<Exchange> ExchangePool::take() {
    if (free_.empty()) {
        free_.reserve(kMostFree);
        auto exchange = std::make_unique<Exchange>();
        exchange->reset();
        return exchange;
    }
    std::unique_ptr<Exchange> exchange = std::move(free_.back());
    free_.pop_back();
    return exchange;
}

void ExchangePool::give_back(std::unique_ptr<Exchange> exchange) {
    exchange->reset();
    if (free_.size() < kMostFree) free_.push_back(std::move(exchange));
}

}  // namespace proxyd::session
