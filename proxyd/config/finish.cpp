// After the last line: logs and formats are compiled, names become indexes, the model is filled.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "common/keyword_table.h"
#include "proxyd/config/bandwidth.h"
#include "proxyd/config/caches.h"
#include "proxyd/config/fcgi_apps.h"
#include "proxyd/config/http_errors.h"
#include "proxyd/config/log_sections.h"
#include "proxyd/config/mailers_section.h"
#include "proxyd/config/peers_section.h"
#include "proxyd/config/program_section.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/resolvers.h"

namespace proxyd::config {
namespace {

using Kind = LogFormatChoice::Kind;
using session::ProxySettings;

constexpr std::string_view kDefaultTag = "proxyd";

std::string_view format_text(const LogFormatChoice& choice, bool http_mode) {
    if (choice.kind == Kind::custom) return choice.text;
    if (choice.kind == Kind::connect) return rules::kConnectLogFormat;
    if (choice.kind == Kind::tcp_clf) return rules::kTcpClfLogFormat;
    if (choice.kind == Kind::tcp || !http_mode) return rules::kTcpLogFormat;
    if (choice.kind == Kind::clf) return rules::kClfLogFormat;
    return choice.kind == Kind::https ? rules::kHttpsLogFormat : rules::kHttpLogFormat;
}

void compile_format(Reading& in, std::string_view text, common::Location where, std::string_view keyword,
                    rules::LogFormat& format) {
    in.model.catalogue->line = where;
    const auto compiled =
        rules::LogFormat::compile(text, rules::LogUse::log, in.model.catalogue.get(), rules::kAtLog);
    if (compiled)
        format = *compiled;
    else
        in.out.error(where, "'" + std::string(keyword) + "': " + compiled.error().text);
}

void finish_log(Reading& in, Draft& draft) {
    observe::LogSettings& log = draft.settings->log;
    const LogFormatChoice& choice = draft.preset.log_format;
    log.targets = expand_logs(in, draft.preset.logs);
    give_log_profiles(in, log.targets);
    if (log.tag.empty()) log.tag = in.log_tag.empty() ? kDefaultTag : std::string_view(in.log_tag);
    log.hostname = in.model.global.log_send_hostname;
    if (!draft.settings->is_frontend) return;
    const bool http_line =
        choice.kind == Kind::http || choice.kind == Kind::clf || choice.kind == Kind::https;
    if (http_line && !draft.settings->http_mode)
        in.out.warning(choice.where, "'option httplog' is not usable with '" + draft.name +
                                         "' (needs 'mode http'); it falls back to 'option tcplog'");
    log.errors_unsaid = choice.kind == Kind::connect;
    compile_format(in, format_text(choice, draft.settings->http_mode), choice.where, "log-format",
                   log.format);
    if (!draft.preset.structured_data.empty())
        compile_format(in, draft.preset.structured_data, draft.preset.structured_data_where, "log-format-sd",
                       log.data_format);
    if (!draft.preset.error_log_format.empty())
        compile_format(in, draft.preset.error_log_format, draft.preset.error_log_format_where,
                       "error-log-format", log.error_format);
}

// Ids that no section asked for: the lowest free ones that are not below the section's place. The place
// before all is that of the stats sockets, where there are some, as in HAProxy.
void number_proxies(Reading& in) {
    std::set<int> taken;
    for (const auto& draft : in.proxies) {
        const int id = draft->settings->id;
        if (id != 0 && !taken.insert(id).second)
            in.out.error(draft->where,
                         "'" + draft->name + "': the id " + std::to_string(id) + " is taken already");
    }
    int next = in.model.global.stats_sockets.empty() ? 1 : 2;
    for (const auto& draft : in.proxies) {
        while (draft->settings->id == 0 && taken.contains(next)) ++next;
        if (draft->settings->id == 0) taken.insert(draft->settings->id = next);
        ++next;
    }
}

// The backend's index, or -1 after a complaint.
int find_backend(Reading& in, const Draft& from, const std::string& name, common::Location where,
                 std::string_view keyword) {
    std::vector<std::string_view> names;
    for (const auto& draft : in.proxies) {
        if (!draft->settings->is_backend) continue;
        names.push_back(draft->name);
        if (draft->name != name) continue;
        if (from.settings->http_mode && !draft->settings->http_mode)
            in.out.error(where, "'" + std::string(keyword) + "': '" + from.name +
                                    "' (mode http) cannot use '" + name + "' (mode tcp)");
        if (draft.get() == &from)
            in.out.error(where,
                         "'" + std::string(keyword) + "': '" + name + "' would send requests to itself");
        return draft->settings->index;
    }
    in.out.error(where, "'" + std::string(keyword) + "': unable to find required backend '" + name + "'" +
                            common::did_you_mean(name, names));
    return -1;
}

using BackendIndexes = std::map<std::string, int, std::less<>>;

// For names computed per request: those that this frontend may use.
std::shared_ptr<const BackendIndexes> backend_indexes(const Reading& in, const ProxySettings& frontend) {
    auto out = std::make_shared<BackendIndexes>();
    for (const auto& draft : in.proxies)
        if (draft->settings->is_backend && (draft->settings->http_mode || !frontend.http_mode))
            out->emplace(draft->name, draft->settings->index);
    return out;
}

void resolve_backends(Reading& in, Draft& draft) {
    ProxySettings& settings = *draft.settings;
    if (!settings.is_frontend) return;
    for (session::UseBackend& rule : settings.use_backends)
        if (!rule.name_format.empty())
            rule.backends = backend_indexes(in, settings);
        else
            rule.backend = find_backend(in, draft, rule.backend_name, rule.where, "use_backend");
    std::vector<const rules::Condition*> conditions;
    for (const session::UseBackend& rule : settings.use_backends) conditions.push_back(&rule.condition);
    settings.routes.build(conditions);
    if (!settings.default_backend_name.empty()) {
        const common::Location where =
            draft.default_backend_where.line != 0 ? draft.default_backend_where : draft.where;
        settings.default_backend =
            find_backend(in, draft, settings.default_backend_name, where, "default_backend");
    }
}

// Sections and servers that arguments of samples and actions name.
void check_mentions(Reading& in) {
    std::vector<std::string_view> sections;
    for (const auto& draft : in.proxies) sections.push_back(draft->name);
    for (const auto& mention : in.model.catalogue->mentions) {
        if (mention.backend.empty()) continue;  // the section of the line itself
        // A frontend and a backend may have the same name: the table belongs to one of them.
        const auto named = [&](const auto& draft) { return draft->name == mention.backend; };
        auto section = std::ranges::find_if(in.proxies, [&](const auto& draft) {
            return named(draft) && draft->settings->stick_table.has_value();
        });
        if (section == in.proxies.end()) section = std::ranges::find_if(in.proxies, named);
        if (section == in.proxies.end()) {
            in.out.error(mention.where, "unable to find '" + mention.backend + "' that '" + mention.keyword +
                                            "' names" + common::did_you_mean(mention.backend, sections));
            continue;
        }
        const auto& servers = (*section)->settings->upstream.servers;
        if (!mention.server.empty() &&
            std::ranges::find(servers, mention.server, &upstream::ServerSettings::name) == servers.end())
            in.out.error(mention.where, "unable to find server '" + mention.server + "' of '" +
                                            mention.backend + "' that '" + mention.keyword + "' names");
        const bool wants_table = mention.keyword.starts_with("track-sc") ||
                                 mention.keyword.contains("table") || mention.keyword.starts_with("sc") ||
                                 (mention.keyword.starts_with("src_") && mention.server.empty());
        if (wants_table && !(*section)->settings->stick_table)
            in.out.error(mention.where,
                         "'" + mention.backend + "' that '" + mention.keyword + "' names has no stick-table");
    }
}

// Servers of use-server rules by their place.
void resolve_servers(Reading& in, ProxySettings& settings) {
    const auto& servers = settings.upstream.servers;
    for (session::UseServer& rule : settings.use_servers) {
        if (!rule.name_format.empty()) continue;
        const auto found = std::ranges::find(servers, rule.name, &upstream::ServerSettings::name);
        if (found != servers.end())
            rule.server = static_cast<std::size_t>(found - servers.begin());
        else
            in.out.error(rule.where, "'use-server': unable to find server '" + rule.name + "' in '" +
                                         settings.name + "'");
    }
}

// The tables of stick rules, which store a server from now on.
void resolve_stick_tables(Reading& in, ProxySettings& settings) {
    for (session::StickRule& rule : settings.stick_rules) {
        const std::string& name = rule.table_name.empty() ? settings.name : rule.table_name;
        const auto section = std::ranges::find_if(in.proxies, [&](const auto& draft) {
            return draft->name == name && draft->settings->stick_table;
        });
        if (section == in.proxies.end()) {
            in.out.error(rule.where, "'stick': section '" + name + "' has no stick-table");
            continue;
        }
        rule.table = (*section)->settings->index;
        auto& stored = (*section)->settings->stick_table->stored;
        if (std::ranges::find(stored, state::StickData::server_id,
                              &state::StickTableSettings::Stored::data) == stored.end())
            stored.insert(stored.begin(), state::StickTableSettings::Stored{state::StickData::server_id});
    }
}

std::string node_name(const Global& global) {
    char name[256] = {};
    if (!global.node.empty() || ::gethostname(name, sizeof name - 1) != 0) return global.node;
    return name;
}

// What the program of external checks needs, and what it is told.
void finish_external_check(Reading& in, const Draft& draft) {
    ProxySettings& settings = *draft.settings;
    upstream::BackendSettings& backend = settings.upstream;
    if (!settings.is_backend || backend.http_check.kind != upstream::CheckKind::program) return;
    if (!in.model.global.external_check)
        in.out.error(draft.where, "'option external-check' in '" + draft.name +
                                      "' needs 'external-check' in the global section");
    if (backend.check_program.empty())
        in.out.error(draft.where,
                     "'option external-check' in '" + draft.name + "' needs 'external-check command <file>'");
    backend.proxy_id = settings.id;
    if (settings.binds.empty()) return;
    const common::Endpoint& address = settings.binds.front().address;
    backend.proxy_address = address.is_ip() ? address.ip() : address.to_string();
    if (address.is_ip()) backend.proxy_port = std::to_string(address.port());
}

// `sni-auto` of servers without `sni`.
constexpr std::string_view kHostName = "req.hdr(host),host_only";

// What the section and global say for servers that do not say it themselves.
void finish_server(Reading& in, const Draft& draft, upstream::ServerSettings& server) {
    const Global& global = in.model.global;
    if (server.sni_auto && server.sni.empty() && draft.settings->http_mode) server.sni = kHostName;
    if (server.source.text.empty()) server.source = draft.preset.source;
    server.socket.receive_buffer = global.server_receive_buffer;
    server.socket.send_buffer = global.server_send_buffer;
    if (server.fast_open && !upstream::may_open_fast(draft.settings->upstream))
        in.out.warning(server.where,
                       "'tfo' of server '" + server.name +
                           "' has no effect without 'mode http' and 'retry-on conn-failure empty-response "
                           "response-timeout': what goes with a SYN may be lost with it");
}

// option transparent and dispatch: a server that no algorithm sees and no report shows.
void add_direct_server(Reading& in, const Draft& draft) {
    upstream::BackendSettings& backend = draft.settings->upstream;
    if (!draft.settings->is_backend || (!backend.to_client_destination && backend.dispatch.empty())) return;
    auto direct = std::make_shared<upstream::ServerSettings>();
    direct->where = draft.where;
    direct->name = "<NOSRV>";
    direct->client_destination = direct->keep_client_port = backend.dispatch.empty();
    direct->address = backend.dispatch.empty() ? common::Endpoint::any_v4(0) : backend.dispatch;
    finish_server(in, draft, *direct);
    backend.direct = std::move(direct);
}

void finish_backend(Reading& in, const Draft& draft) {
    ProxySettings& settings = *draft.settings;
    upstream::BackendSettings& backend = settings.upstream;
    if (backend.http_check.send_state) backend.http_check.node = node_name(in.model.global);
    backend.http_mode = settings.http_mode;
    backend.timeout_connect = settings.timeouts.connect;
    backend.timeout_queue = settings.timeouts.queue;
    backend.timeout_check = settings.timeouts.check;
    add_direct_server(in, draft);
    if (backend.state_file == upstream::StateFile::global && in.model.global.server_state_file.empty() &&
        !backend.servers.empty()) {
        in.out.warning(draft.where, "'load-server-state-from-file global' in '" + draft.name +
                                        "' loads nothing without 'server-state-file' in the global section");
        backend.state_file = upstream::StateFile::none;
    }
    for (upstream::ServerSettings& server : backend.servers) finish_server(in, draft, server);
    for (net::BindSettings& bind : settings.binds) {
        bind.socket.receive_buffer = in.model.global.client_receive_buffer;
        bind.socket.send_buffer = in.model.global.client_send_buffer;
    }
}

void finish_global(Reading& in) {
    observe::LogSettings& log = in.model.global.log;
    log.targets = expand_logs(in, in.global_logs);
    give_log_profiles(in, log.targets);
    log.tag = in.log_tag.empty() ? kDefaultTag : std::string_view(in.log_tag);
    log.hostname = in.model.global.log_send_hostname;
    in.model.global.environment = in.environment.changes();
}

void finish_users(Reading& in) {
    for (const auto& [name, list] : in.model.catalogue->users) {
        if (list->declared.line != 0)
            list->complete(name, in.out);
        else
            in.out.error(list->mentioned, "unable to find userlist '" + name + "'");
    }
}

}  // namespace

void finish(Reading& in) {
    finish_global(in);
    in.model.catalogue->patterns.number();
    finish_users(in);
    finish_caches(in);
    add_peer_tables(in);
    add_default_resolvers(in);
    number_proxies(in);
    for (std::size_t i = 0; i < in.proxies.size(); ++i) in.proxies[i]->settings->index = static_cast<int>(i);
    for (const auto& draft : in.proxies) {
        auto& cookie_length = draft->settings->captures.cookie_length;
        cookie_length = std::min(cookie_length, static_cast<std::size_t>(in.model.global.longest_cookie));
        finish_log(in, *draft);
        finish_backend(in, *draft);
        for (net::BindSettings& bind : draft->settings->binds) bind.reuse_port = in.model.global.reuse_port;
        finish_external_check(in, *draft);
        finish_resolvers(in, draft->settings->upstream);
        resolve_servers(in, *draft->settings);
        resolve_stick_tables(in, *draft->settings);
        resolve_backends(in, *draft);
    }
    finish_fcgi_apps(in);
    check_mentions(in);
    check_resolvers(in);
    check_error_pages(in);
    check_bandwidth_filters(in);
    finish_peers(in);
    finish_mailers(in);
    finish_programs(in);
    finish_log_sections(in);
    check_log_profiles(in);
    finish_tracking(in);
    check_server_ids(in);
}

}  // namespace proxyd::config
