// What rules, samples and log variables look at: one exchange, as far as it has come. Filled by the session
// as it goes along; a null pointer means "not there yet" and samples of it have no value.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "common/arena.h"
#include "common/clock.h"
#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/http/message.h"
#include "proxyd/net/proxy_protocol.h"
#include "proxyd/net/tls_info.h"
#include "proxyd/rules/variables.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::cache {
struct Visit;
}

namespace proxyd::net {
class Waiter;
}

namespace proxyd::rules {

class Action;
struct BandwidthOrder;
struct NameLookup;
class NameService;
class StepLog;
class Tracking;

// Microseconds of CLOCK_MONOTONIC, 0 = not reached. Log timers come from differences.
struct Timings {
    std::int64_t accept_wall_us = 0;   // CLOCK_REALTIME of the accept (%t for tcplog)
    std::int64_t request_wall_us = 0;  // CLOCK_REALTIME of the first byte of the request (%tr)
    std::int64_t accepted = 0, handshake_done = 0, request_start = 0, request_done = 0;
    std::int64_t queue_done = 0, connected = 0, response_headers = 0, finished = 0;
};

// First two characters of HAProxy's termination state; the cookie pair stays "--" without cookies.
struct Termination {
    char cause = '-';  // C S P L R I D U K c s
    char phase = '-';  // R Q C H D L T
    char cookie_request = '-';
    char cookie_response = '-';
};

// Context::log_level besides the severities 0..7 (http-request set-log-level).
inline constexpr int kLogLevelDefault = -1;
inline constexpr int kLogLevelSilent = -2;  // no line at all

struct Context {
    common::Arena* arena =
        nullptr;  // scratch and additions; reset per request. Null: samples that need room have no value

    common::Endpoint source;       // client (src); PROXY protocol applied
    common::Endpoint destination;  // where it connected (dst)
    bool tls = false;              // client side (ssl_fc)
    const net::TlsInfo* tls_info = nullptr;
    const net::ProxyHeader* proxy_header = nullptr;  // the client's, null without one
    bool expect_proxy = false;                       // set by expect-proxy
    bool expect_netscaler = false;                   // set by expect-netscaler-cip
    int client_fd = -1, server_fd = -1;              // for what the kernel knows of the connections; -1: none
    const net::TlsInfo* server_tls = nullptr;        // of the server connection, null without TLS

    // Where variables are kept; null: the scopes do not exist here.
    ExchangeVariables* variables = nullptr;  // txn, req, res
    Variables* session_variables = nullptr;  // sess
    Tracking* tracking = nullptr;            // sc0 ... of this exchange
    Tracking* session_tracking = nullptr;    // of its connection
    Variables* check_variables = nullptr;    // check

    cache::Visit* cache = nullptr;  // null: there are no caches

    // Rules that wait (Verdict::Kind::wait): the one that goes on when they run again, and the name it asks
    // for. `waiter` is the session's and gets kMail with the answer; null: nobody can wait.
    const Action* suspended = nullptr;
    std::shared_ptr<NameLookup> lookup;
    NameService* names = nullptr;
    net::Waiter* waiter = nullptr;
    StepLog* step_log = nullptr;  // do-log; null: there is no log

    const BandwidthOrder* bandwidth = nullptr;  // set-bandwidth-limit, the latest first; in the arena
    int server_mark = -1, server_tos = -1;      // set-bc-mark, set-bc-tos: of the connection to the server

    http::Message* request = nullptr;
    http::Message* response = nullptr;

    // Raw bytes behind the request's head, as far as they are here (req.body).
    std::string_view body_data;

    std::string_view response_body_data;  // the same behind the response's head (res.body)

    // What the client sent and nobody took yet (tcp-request content); null data: not looked at.
    std::string_view client_data;
    std::string_view server_data;  // the same of the server (tcp-response content)
    // While rules inspect the first bytes: more may come (false), and a sample missed some (set by fetches).
    bool input_final = true;
    bool head_awaited = false;  // what is here may become the head of a request: samples of it are undecided
    mutable bool undecided = false;

    // Own and peer address of the server connection (%bi %bp %si %sp); null before there is one.
    const common::Endpoint* server_source = nullptr;
    const common::Endpoint* server_destination = nullptr;

    // Names; server is "<NOSRV>" until chosen.
    std::string_view frontend_name, backend_name, server_name, listener_name;
    int listener_id = 0;  // so_id
    state::ProxyState* frontend = nullptr;
    state::ProxyState* backend = nullptr;
    state::ServerState* server = nullptr;
    state::ProcessState* process = nullptr;
    const state::SharedState* shared = nullptr;  // all proxies, for nbsrv(NAME) and its kin
    bool http_mode = true;

    Timings times;
    Termination termination;
    int status = -1;                      // sent to the client
    std::uint64_t bytes_to_client = 0;    // %B
    std::uint64_t bytes_from_client = 0;  // %U
    int retries = 0;
    int own_retries = -1;                              // set-retries; negative: the backend's
    bool retry_answers = true;                         // as retry-on says (disable-l7-retry)
    int priority_class = 0, priority_offset = 0;       // set-priority-class, -offset (ms): lower ones first
    bool redispatched = false;                         // "+" before the retries
    std::int64_t server_queue = 0, backend_queue = 0;  // positions at entry
    std::int64_t active_connections = 0, frontend_connections = 0, backend_connections = 0,
                 server_connections = 0;
    std::string_view request_line;    // for %r: "GET /x HTTP/1.1", "<BADREQ>" when unusable
    std::uint64_t unique_number = 0;  // of the request in this process
    std::string_view unique_id;       // %ID; empty without unique-id-format
    std::uint32_t requests = 0;       // of this connection, this one included
    // The sections' timeouts; null: not there yet.
    const common::Duration* client_timeout = nullptr;
    const common::Duration *server_timeout = nullptr, *tunnel_timeout = nullptr;
    // http-request set-timeout; negative: the backend's.
    common::Duration own_server_timeout{-1}, own_tunnel_timeout{-1};
    std::string_view default_backend;  // of the frontend

    // `capture request|response header`, one entry per slot of the configuration; null data: nothing captured
    // (%hr, %hs).
    std::span<std::string_view> captured_request_fields, captured_response_fields;
    std::string_view captured_request_cookie, captured_response_cookie;  // `capture cookie` (%CC, %CS)

    std::string_view compression;  // of the response, by us: "gzip"; empty: none

    int connection_error = 0;          // fc_err
    std::uint64_t tls_error = 0;       // ssl_fc_err
    bool log_early = false;            // option logasap: times and sizes so far carry a '+'
    int log_level = kLogLevelDefault;  // set by rules
    common::Location last_rule;        // the latest that ended its rule set; line 0: none
    std::string_view early_hints;      // fields of a 103 response to send, each with its line end
    std::uint64_t log_count = 0;       // lines of this frontend (%lc); counted by the access log
};

}  // namespace proxyd::rules
