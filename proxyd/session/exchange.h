// Everything that one request and its response need: messages, arena, buffers, rules context, both
// directions. Lent to a connection from the first byte of a request to the end of its response, so that an
// idle connection holds none.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/arena.h"
#include "proxyd/cache/visit.h"
#include "proxyd/http/h1_parser.h"
#include "proxyd/http/message.h"
#include "proxyd/rules/context.h"
#include "proxyd/rules/tracking.h"
#include "proxyd/session/errors.h"
#include "proxyd/session/flow.h"
#include "proxyd/session/settings.h"
#include "proxyd/upstream/backend.h"

namespace proxyd::session {

struct Exchange {
    common::Arena arena;
    rules::Context context;
    std::vector<std::string_view> request_captures, response_captures;  // the context looks at them
    rules::ExchangeVariables variables;
    rules::Tracking tracking;
    std::unique_ptr<cache::Visit> cache;  // null: there are no caches
    http::Message request, response;
    http::H1Parser request_parser, response_parser;
    Inbox client_in, server_in;
    Flow up;    // request body: client -> server
    Flow down;  // response: server (or our own reply) -> client
    upstream::Lease lease;

    common::Endpoint server_source, server_destination;  // of the lease's connection
    const ProxySettings* backend = nullptr;
    // How far decide() has come, and what it waits for: the rule that goes on, how it waits for the body.
    // inspected: the frontend's tcp-request content rules have run on what was a TCP connection then.
    enum class Stage : unsigned char {
        arrived,
        inspected,
        content,  // the frontend's tcp-request content rules
        counted,  // they have run
        frontend,
        chosen,  // the backend's tcp-request content rules
        backend,
        passed  // all rules have run
    } stage = Stage::arrived;
    bool paused = false;  // a rule waits (session/pause), until then:
    common::TimePoint paused_until = common::kNever;
    std::size_t next_rule = 0;
    const rules::BodyWait* body_wait = nullptr;
    std::size_t wanted = balance::kNone;       // server that the request is bound to
    std::size_t told_server = balance::kNone;  // that the client's cookie names
    // Of the client's cookie, when cookies carry dates: seconds since 1970 at which it was renewed and first
    // given; 0: not there.
    std::int64_t cookie_renewed = 0, cookie_given = 0;
    bool ignore_persistence = false;
    End end = End::normal;
    int error_status = 0;         // of End::bad_request: the parser's
    const char* error_text = "";  // a sentence for the error log
    bool keep_client = false;     // the client connection lives after this exchange
    bool response_begun = false;  // bytes of a final response went to the client, or are about to
    bool response_from_server = false;
    bool tunnel = false;        // 101, or 2xx to CONNECT
    bool head_asked = false;    // by the client, whatever rules make of the method
    bool silent = false;        // no answer at all: an empty error file, silent-drop
    bool retry_answer = false;  // the answer is one that retry-on names: to be asked for again
    bool logged = false;        // before its end (option logasap)
    int interim_responses = 0;
    http::Coding coding = http::Coding::identity;  // that the client accepts and we may apply
    bool request_compressed = false;               // the request's head says so

    void reset();    // as new; keeps capacities, gives buffers back
    void restart();  // the same, but keeps what the client has sent already of its next request

 private:
    void clear();
};

// `timeout server` and `timeout tunnel`, or what set-timeout made of them.
inline common::Duration server_timeout(const Exchange& exchange) {
    const common::Duration own = exchange.context.own_server_timeout;
    return own.count() >= 0 ? own : exchange.backend->timeouts.server;
}
inline common::Duration tunnel_timeout(const Exchange& exchange) {
    const common::Duration own = exchange.context.own_tunnel_timeout;
    return own.count() >= 0 ? own : exchange.backend->timeouts.tunnel;
}

// As `option splice-request` and `splice-response` of frontend or backend say.
void allow_splicing(const ProxySettings& frontend, Exchange& exchange);

// Free exchanges of one worker.
class ExchangePool {
 public:
    static constexpr std::size_t kMostFree = 128;
    std::unique_ptr<Exchange> take();
    void give_back(std::unique_ptr<Exchange> exchange);

 private:
    std::vector<std::unique_ptr<Exchange>> free_;
};

}  // namespace proxyd::session
