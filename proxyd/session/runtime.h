// What every session of a process shares: the model, the state, the backends, services that higher rooms
// lend.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxyd/http/case_map.h"
#include "proxyd/http/head_check.h"
#include "proxyd/http/message.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/observe/access_log.h"
#include "proxyd/session/limits.h"
#include "proxyd/session/settings.h"
#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/backend.h"

namespace proxyd::session {

// An answer made by a service of ours (the statistics page).
struct ServiceReply {
    int status = 200;
    std::string content_type = "text/html";
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
};

// A request for the statistics page.
struct StatsVisit {
    const http::Message& request;
    bool admin = false;     // `stats admin`: may change servers
    std::string_view form;  // the body of a POST, as far as it is there
};

// `stats uri`: rendered by admin/, which lies above this room; main/ wires it.
using StatsService =
    std::function<ServiceReply(const StatsSettings&, const ProxySettings&, const StatsVisit& visit)>;

// `http-request use-service prometheus-exporter`, from admin/ too. Any worker's thread.
using MetricsService = std::function<ServiceReply(const http::Message& request)>;

class Entrance;

struct Runtime {
    const std::vector<std::unique_ptr<ProxySettings>>* proxies = nullptr;  // of the model
    std::shared_ptr<const void> model;                                     // keeps it alive
    state::SharedState* state = nullptr;
    std::vector<std::unique_ptr<upstream::Backend>> backends;  // by proxy index, null for pure frontends
    std::vector<std::unique_ptr<observe::AccessLog>> logs;     // by proxy index, null without targets
    std::vector<std::unique_ptr<observe::AccessLog>>
        app_logs;  // by FastCGI application, null without targets
    // Of the bind lines: tls[proxy][bind], null for plain ones.
    std::vector<std::vector<std::shared_ptr<const net::TlsContext>>> tls;
    std::vector<Entrance*> entrances;  // one per worker; complete before the workers run
    StatsService stats;
    MetricsService metrics;
    rules::NameService* names = nullptr;  // do-resolve
    int maxconn = 0;                      // of the process; 0: no limit
    std::size_t max_headers = 101;
    std::size_t max_rewrite = 1024;
    std::size_t longest_logged_line = 1023;
    http::HeadOptions heads;                  // what is the same for all sections
    const http::CaseMap* spelling = nullptr;  // of the model, for peers of option h1-case-adjust-bogus-*
    ProcessLimits limits;
    // close-spread-time: a soft stop ends connections little by little; 0: each after its exchange, the
    // longest Duration: clients end them.
    common::Duration close_spread{0};
    std::atomic<std::int64_t> stopping_since_ms{0};  // CLOCK_MONOTONIC
    std::atomic<bool> stopping{false};       // soft stop: close connections after the current exchange
    std::atomic<bool> accept_paused{false};  // a listener waits for a connection to end
};

}  // namespace proxyd::session
