// Commands that change servers and counters.
#include "proxyd/admin/clear_counters.h"
#include "proxyd/admin/commands.h"
#include "proxyd/admin/server_actions.h"

#include "common/keyword_table.h"

namespace proxyd::admin {

namespace {

// Runs `action` on the server named first; its error or nothing is the answer.
template <class Action>
std::string on_server(const CommandCall& call, std::string_view name, Action action) {
    const auto server = find_server(*call.context.view, name);
    if (!server) return server.error().text + "\n";
    const common::Result<> done = action(*server);
    return done ? std::string() : done.error().text + "\n";
}

struct StateWord {
    std::string_view name;
    state::Admin state;
};

constexpr StateWord kStates[] = {
    {"ready", state::Admin::ready}, {"drain", state::Admin::drain}, {"maint", state::Admin::maintenance}};

common::Result<> change_state(const ServerHandle& server, const CommandCall& call) {
    const StateWord* word = common::find_row(std::span<const StateWord>(kStates), call.argument(2));
    if (word == nullptr)
        return common::fail("'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
    set_admin_state(server, word->state);
    return {};
}

common::Result<> change_weight(const ServerHandle& server, const CommandCall& call) {
    return set_weight(server, call.argument(2));
}

common::Result<> change_health(const ServerHandle& server, const CommandCall& call) {
    return set_health(server, call.argument(2));
}

// addr <ip> [port <port>]
common::Result<> change_address(const ServerHandle& server, const CommandCall& call) {
    if (!call.argument(3).empty() && call.argument(3) != "port") {
        return common::fail("set server <b>/<s> addr requires an address and optionally a port.");
    }
    const auto changed = set_server_address(server, call.argument(2), call.argument(4));
    if (!changed) return std::unexpected(changed.error());
    return common::fail(*changed);  // an answer, not an error: both are one line to the operator
}

struct ServerProperty {
    std::string_view name;
    common::Result<> (*change)(const ServerHandle&, const CommandCall&);
};

constexpr ServerProperty kProperties[] = {
    {"state", change_state}, {"weight", change_weight}, {"health", change_health}, {"addr", change_address}};

std::string set_server(const CommandCall& call) {
    return on_server(call, call.argument(0), [&](const ServerHandle& server) -> common::Result<> {
        const auto* property =
            common::find_row(std::span<const ServerProperty>(kProperties), call.argument(1));
        if (property == nullptr)
            return common::fail("usage: set server <backend>/<server> addr | health | state | weight");
        return property->change(server, call);
    });
}

std::string set_weight_command(const CommandCall& call) {
    if (call.arguments.size() < 2) return "Require <weight> or <weight%>.\n";
    return on_server(call, call.argument(0),
                     [&](const ServerHandle& server) { return set_weight(server, call.argument(1)); });
}

std::string get_weight(const CommandCall& call) {
    const auto server = find_server(*call.context.view, call.argument(0));
    if (!server) return server.error().text + "\n";
    return std::to_string(server->server->configured_weight.load()) + " (initial " +
           std::to_string(server->settings->weight) + ")\n";
}

template <state::Admin Wanted>
std::string switch_server(const CommandCall& call) {
    return on_server(call, call.argument(0), [](const ServerHandle& server) -> common::Result<> {
        set_admin_state(server, Wanted);
        return {};
    });
}

std::string set_maxconn(const CommandCall& call) {
    return on_server(call, call.argument(0), [&](const ServerHandle& server) {
        return set_server_maxconn(server, call.argument(1));
    });
}

std::string clear_maxima(const CommandCall& call) {
    clear_counters(*call.context.view, CounterScope::maxima);
    return {};
}

std::string clear_all(const CommandCall& call) {
    clear_counters(*call.context.view, CounterScope::all);
    return {};
}

// What holds now: an operator's wish, or the configuration.
template <class Change>
std::string change_dynamic_cookie(const CommandCall& call, Change change) {
    const View& view = *call.context.view;
    for (std::size_t i = 0; i < view.model->proxies.size(); ++i) {
        const session::ProxySettings& proxy = *view.model->proxies[i];
        if (!proxy.is_backend || proxy.name != call.argument(0)) continue;
        state::ProxyState& state = *view.runtime->state->proxies[i];
        state::DynamicCookie cookie =
            state.has_dynamic_cookie ? state.dynamic_cookie()
                                     : state::DynamicCookie{proxy.cookie.dynamic, proxy.dynamic_cookie_key};
        change(cookie);
        state.set_dynamic_cookie(std::move(cookie));
        return {};
    }
    return "No such backend.\n";
}

template <bool on>
std::string switch_dynamic_cookie(const CommandCall& call) {
    return change_dynamic_cookie(call, [](state::DynamicCookie& cookie) { cookie.on = on; });
}

std::string set_dynamic_cookie_key(const CommandCall& call) {
    if (call.argument(1).empty()) return "Key expected.\n";
    return change_dynamic_cookie(call, [&](state::DynamicCookie& cookie) { cookie.key = call.argument(1); });
}

constexpr CommandRow kRows[] = {
    {"set server", "<bk>/<srv> [opts]", "change a server's state, weight or address", Level::admin,
     set_server},
    {"set weight", "<bk>/<srv> <w>", "change a server's weight (absolute or percent)", Level::admin,
     set_weight_command},
    {"get weight", "<bk>/<srv>", "report a server's current weight", Level::user, get_weight},
    {"enable server", "<bk>/<srv>", "enable a disabled server", Level::admin,
     switch_server<state::Admin::ready>},
    {"disable server", "<bk>/<srv>", "disable a server for maintenance", Level::admin,
     switch_server<state::Admin::maintenance>},
    {"set maxconn server", "<bk>/<srv> <n>", "change a server's maxconn setting", Level::admin, set_maxconn},
    {"enable dynamic-cookie backend", "<bk>", "make cookies of the servers' addresses", Level::admin,
     switch_dynamic_cookie<true>},
    {"disable dynamic-cookie backend", "<bk>", "make no cookies of the servers' addresses", Level::admin,
     switch_dynamic_cookie<false>},
    {"set dynamic-cookie-key backend", "<bk> <key>", "change the key of such cookies", Level::admin,
     set_dynamic_cookie_key},
    {"clear counters", "", "clear max statistics counters", Level::oper, clear_maxima},
    {"clear counters all", "", "clear all statistics counters", Level::admin, clear_all},
};

}  // namespace

std::span<const CommandRow> server_commands() {
    return kRows;
}

}  // namespace proxyd::admin
