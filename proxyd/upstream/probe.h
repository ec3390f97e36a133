// One health check of one server over a socket, from connect to result.
#pragma once

#include "common/clock.h"
#include "proxyd/fcgi/app.h"
#include "proxyd/net/task.h"
#include "proxyd/net/waiter.h"
#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/check_result.h"
#include "proxyd/upstream/check_step.h"
#include "proxyd/upstream/connector.h"

namespace proxyd::upstream {

struct ProbePlan {
    ConnectTarget target;
    const CheckSequence* sequence = nullptr;    // null: the connection is the check
    const net::TlsContext* step_tls = nullptr;  // for steps that say `ssl`
    const common::Endpoint* socks = nullptr;    // for steps that say `via-socks4`
    // Whom samples of the steps tell of; null: nobody.
    state::ProxyState* backend = nullptr;
    state::ServerState* server = nullptr;
    const fcgi::App* fastcgi = nullptr;  // HTTP steps are for this application; null: for an HTTP server
    std::string state;                   // what http-check send-state tells
    common::Duration connect_timeout{0};
    // For the answer after the connection; zero: connect_timeout covers both.
    common::Duration answer_timeout{0};
};

// Asks an agent (agent-check): connects, sends, reads a line. The result tells of the connection; `line` is
// empty unless something came.
struct AgentPlan {
    ConnectTarget target;
    std::string_view send;
    common::Duration timeout{0};
};
struct AgentReply {
    CheckResult result;
    std::string line;
};
net::Task<AgentReply> ask_agent(net::Waiter& waiter, const AgentPlan& plan);

net::Task<CheckResult> probe(net::Waiter& waiter, const ProbePlan& plan);

}  // namespace proxyd::upstream
