// A process with two frontends, three backends and servers in many states, without threads or sockets.
#pragma once

#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "common/diagnostics.h"
#include "proxyd/admin/commands.h"
#include "proxyd/admin/view.h"
#include "proxyd/upstream/backend.h"

namespace admin_test {

inline constexpr std::string_view kConfiguration = R"(
global
    node n1
    description "a <test> node"
    maxconn 1000
defaults
    mode http
    timeout client 2s
    timeout server 2s
    timeout connect 1s
frontend fe
    bind 127.0.0.1:18080 name web
    bind 127.0.0.1:18083
    maxconn 500
    stats enable
    stats uri /stats
    default_backend be
backend be
    balance leastconn
    option httpchk GET /
    server s1 127.0.0.1:18081 check inter 200 cookie c1 weight 10 maxconn 20 maxqueue 5
    server s2 127.0.0.1:18082 check inter 200 backup
    server s3 127.0.0.1:18084
    server s4 127.0.0.1:18085 disabled
listen tcp
    mode tcp
    bind 127.0.0.1:18086
    server t1 127.0.0.1:18081 check inter 200
backend nosrv
)";

struct Process {
    std::shared_ptr<const proxyd::config::Model> model;
    std::unique_ptr<proxyd::state::SharedState> state;
    proxyd::session::Runtime runtime;
    proxyd::admin::View view;

    explicit Process(std::string_view configuration = kConfiguration) {
        common::Diagnostics diagnostics;
        model = proxyd::config::load_text(configuration, "test.cfg", diagnostics);
        for (const auto& entry : diagnostics.all()) UNSCOPED_INFO(common::Diagnostics::format(entry));
        REQUIRE(model);
        constexpr int kWorkers = 2;
        state = std::make_unique<proxyd::state::SharedState>(kWorkers);
        state->process.started_ms = 1'700'000'000'000;
        for (const auto& section : model->proxies) {
            auto proxy = std::make_unique<proxyd::state::ProxyState>(section->name, section->id, kWorkers);
            for (const auto& bind : section->binds) {
                auto listener = std::make_unique<proxyd::state::ListenerState>();
                listener->name = bind.name;
                listener->id = static_cast<int>(proxy->listeners.size()) + 1;
                listener->address = bind.address.to_string();
                listener->listening = true;
                proxy->listeners.push_back(std::move(listener));
            }
            runtime.backends.push_back(section->is_backend ? std::make_unique<proxyd::upstream::Backend>(
                                                                 section->upstream, *proxy, kWorkers)
                                                           : nullptr);
            state->proxies.push_back(std::move(proxy));
        }
        runtime.proxies = &model->proxies;
        runtime.state = state.get();
        runtime.maxconn = 1000;
        view.model = model.get();
        view.runtime = &runtime;
        view.release = "9.9";
    }

    proxyd::state::ServerState& server(std::string_view name) {
        for (const auto& proxy : state->proxies) {
            for (const auto& server : proxy->servers) {
                if (server->name == name) return *server;
            }
        }
        FAIL("no server " << name);
        std::abort();
    }

    std::string run(const std::string& line, proxyd::admin::Level level = proxyd::admin::Level::admin) {
        proxyd::admin::CliContext context;
        context.view = &view;
        context.level = level;
        return run(line, context);
    }
    std::string run(const std::string& line, proxyd::admin::CliContext& context) {
        std::string text;
        for (const auto& command : proxyd::admin::split_commands(line))
            text += proxyd::admin::run_command(context, command);
        return text;
    }
};

}  // namespace admin_test
