// Checks that need whole sections or several of them. Each is one function; what HAProxy refuses is an error
// here, what it only warns of is a warning.
#include <map>
#include <set>

#include "proxyd/balance/algorithm.h"
#include "proxyd/config/check_words.h"
#include "proxyd/config/reading.h"

namespace proxyd::config {
namespace {

using session::ProxySettings;

std::string title(const Draft& draft) {
    const std::string_view kind = draft.kind == kFrontend  ? "frontend"
                                  : draft.kind == kBackend ? "backend"
                                                           : "listen";
    return std::string(kind) + " '" + draft.name + "'";
}

std::string at_line(common::Location where) {
    return std::string(where.file) + ":" + std::to_string(where.line);
}

// One name may belong to a frontend and a backend, but not twice to either.
void check_names(Reading& in) {
    std::map<std::string, const Draft*> frontends, backends;
    for (const auto& draft : in.proxies) {
        const Draft* other = nullptr;
        if (draft->settings->is_frontend) {
            const auto [it, added] = frontends.try_emplace(draft->name, draft.get());
            if (!added) other = it->second;
        }
        if (draft->settings->is_backend) {
            const auto [it, added] = backends.try_emplace(draft->name, draft.get());
            if (!added) other = it->second;
        }
        if (other != nullptr)
            in.out.error(draft->where, title(*draft) + " has the same name as " + title(*other) +
                                           " declared at " + at_line(other->where));
    }
}

void check_timeouts(Reading& in, const Draft& draft) {
    const ProxySettings& settings = *draft.settings;
    const session::Timeouts& times = settings.timeouts;
    constexpr common::Duration kNone{0};
    std::string missing;
    const auto need = [&](bool needed, common::Duration value, std::string_view name) {
        if (!needed || value != kNone) return;
        if (!missing.empty()) missing += ", ";
        missing += "'timeout " + std::string(name) + "'";
    };
    const bool serves = settings.is_backend && !settings.upstream.servers.empty();
    need(settings.is_frontend, times.client, "client");
    need(serves, times.connect, "connect");
    need(serves && (settings.http_mode || times.tunnel == kNone), times.server, "server");
    if (!missing.empty())
        in.out.warning(draft.where, "missing timeouts for " + title(draft) + ": " + missing +
                                        "; connections of silent peers would stay for ever");
}

void check_binds(Reading& in, const Draft& draft) {
    if (draft.settings->is_frontend && draft.settings->binds.empty() && !draft.settings->disabled)
        in.out.warning(draft.where, title(draft) + " has no 'bind': nothing reaches it");
}

// Two listeners on one address share its connections at random.
void check_duplicate_binds(Reading& in) {
    std::map<std::string, common::Location> seen;
    for (const auto& draft : in.proxies) {
        if (draft->settings->disabled) continue;
        for (const net::BindSettings& bind : draft->settings->binds) {
            if (bind.address.empty()) continue;
            const auto [it, added] = seen.try_emplace(
                bind.address.to_string() + "@" + bind.interface + "@" + bind.network_namespace, bind.where);
            if (!added)
                in.out.warning(bind.where, "'bind " + bind.text + "' is also opened at " +
                                               at_line(it->second) +
                                               ": connections would go to either at random");
        }
    }
}

void check_bind_ids(Reading& in, const Draft& draft) {
    std::map<int, common::Location> seen;
    for (const net::BindSettings& bind : draft.settings->binds) {
        if (bind.id == 0) continue;
        const auto [it, added] = seen.try_emplace(bind.id, bind.where);
        if (!added && !(it->second.line == bind.where.line && it->second.file == bind.where.file))
            in.out.error(bind.where, "'bind " + bind.text + "': the id " + std::to_string(bind.id) +
                                         " is that of the line at " + at_line(it->second) + " already");
    }
}

void check_servers(Reading& in, const Draft& draft) {
    std::map<std::string_view, common::Location> seen;
    for (const upstream::ServerSettings& server : draft.settings->upstream.servers) {
        const auto [it, added] = seen.try_emplace(server.name, server.where);
        if (!added)
            in.out.error(server.where, title(draft) + ": another server named '" + server.name +
                                           "' was already defined at " + at_line(it->second) +
                                           ", use distinct names");
        if (server.minconn > server.maxconn && server.maxconn > 0)
            in.out.warning(server.where, "server '" + server.name + "': minconn is above maxconn");
    }
}

// What needs HTTP is ignored in a TCP section, as by HAProxy, and said.
void check_tcp_mode(Reading& in, Draft& draft) {
    ProxySettings& settings = *draft.settings;
    if (settings.http_mode) return;
    const auto ignored = [&](bool present, std::string_view what) {
        if (present)
            in.out.warning(
                draft.where,
                std::string(what) + " ignored for " + title(draft) +
                    " as it requires 'mode http', but for requests that a backend in that mode gets");
    };
    if (draft.switches_mode || (draft.defaults != nullptr && draft.defaults->switches_mode)) return;
    ignored(!settings.http_request.empty(), "'http-request' and 'redirect' rules are");
    ignored(!settings.http_response.empty(), "'http-response' rules are");
    ignored(!settings.http_after_response.empty(), "'http-after-response' rules are");
    ignored(!settings.monitor_uri.empty(), "'monitor-uri' is");
    ignored(settings.is_backend && !settings.cookie.name.empty(), "'cookie' is");
    if (!settings.is_backend) return;
    upstream::BackendSettings& backend = settings.upstream;
    const auto selected = balance::select(backend.balance, backend.balance_arguments);
    if (selected && selected->row->http_only) {
        in.out.warning(draft.where, "'balance " + backend.balance + "' of " + title(draft) +
                                        " needs 'mode http'; it falls back to roundrobin");
        backend.balance = "roundrobin";
        backend.balance_arguments.clear();
    }
}

// Steps that no option asks for.
void check_steps(Reading& in, const Draft& draft) {
    const upstream::BackendSettings& backend = draft.settings->upstream;
    if (!draft.settings->is_backend) return;
    const auto unused = [&](bool present, bool wanted, std::string_view option) {
        if (present && !wanted)
            in.out.warning(draft.where, title(draft) + " has '" + std::string(option) +
                                            "' rules, but no 'option " +
                                            (option == "http-check" ? "httpchk" : std::string(option)) +
                                            "': they are not used");
    };
    using Kind = upstream::CheckKind;
    const Kind kind = backend.http_check.kind;
    unused(has_action(backend.http_check.steps) && !draft.preset.http_checks_from_defaults,
           kind == Kind::http, "http-check");
    unused(has_action(backend.tcp_check.steps) && !draft.preset.checks_from_defaults, kind == Kind::tcp,
           "tcp-check");
}

void check_stats_sockets(Reading& in) {
    std::map<std::string, common::Location> seen;
    for (const StatsSocket& socket : in.model.global.stats_sockets) {
        if (socket.address.empty()) continue;
        const auto [it, added] = seen.try_emplace(socket.address.to_string(), socket.where);
        if (!added)
            in.out.error(socket.where, "'stats socket " + it->first + "' is declared at " +
                                           at_line(it->second) + " already");
    }
}

bool holds_rules(const ProxySettings& settings) {
    for (const rules::RuleSet* set :
         {&settings.tcp_connection, &settings.tcp_session, &settings.tcp_content, &settings.tcp_response,
          &settings.http_request, &settings.http_response, &settings.http_after_response})
        if (!set->empty()) return true;
    return false;
}

// Rules of defaults mean one side, and the sections that name their defaults.
void check_inherited_rules(Reading& in) {
    std::map<const Draft*, const Draft*> first;  // section that took them over
    for (const auto& draft : in.proxies) {
        const Draft* const from = draft->defaults;
        if (from == nullptr || !holds_rules(*from->settings)) continue;
        const ProxySettings& rules = *from->settings;
        const std::string which = "the defaults section at " + at_line(from->where);
        const auto refuse = [&](const std::string& why) { in.out.error(draft->where, why); };
        const auto [other, added] = first.try_emplace(from, draft.get());
        if (draft->kind == kListen)
            refuse(title(*draft) + " cannot take over rules: " + which + " has some");
        else if (draft->kind == kBackend && (!rules.tcp_connection.empty() || !rules.tcp_session.empty()))
            refuse(title(*draft) + " cannot take over 'tcp-request connection' and 'session' rules, which " +
                   which + " has");
        else if (draft->kind == kFrontend && !rules.tcp_response.empty())
            refuse(title(*draft) + " cannot take over 'tcp-response content' rules, which " + which + " has");
        else if (other->second->kind != draft->kind)
            refuse("frontends and backends cannot both take over the rules of " + which);
        else if (other->second->explicit_from != draft->explicit_from)
            refuse(title(*draft) + ": " + which +
                   " has rules; either all sections name it with 'from' or none does");
    }
}

// A defaults section that one section names and others take over silently is easily changed for the wrong
// ones.
void check_defaults(Reading& in) {
    std::set<const Draft*> named, taken;
    for (const auto& draft : in.proxies)
        if (draft->defaults != nullptr) (draft->explicit_from ? named : taken).insert(draft->defaults);
    for (const Draft* defaults : named)
        if (taken.contains(defaults))
            in.out.warning(defaults->where,
                           "defaults section '" + defaults->name +
                               "' is used by name and also as the latest one; name it everywhere");
}

}  // namespace

void validate(Reading& in) {
    check_names(in);
    for (const auto& draft : in.proxies) {
        check_timeouts(in, *draft);
        check_binds(in, *draft);
        check_bind_ids(in, *draft);
        check_servers(in, *draft);
        check_steps(in, *draft);
        check_tcp_mode(in, *draft);
    }
    check_duplicate_binds(in);
    check_stats_sockets(in);
    check_defaults(in);
    check_inherited_rules(in);
}

}  // namespace proxyd::config
