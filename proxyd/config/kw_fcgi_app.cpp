// `fcgi-app` sections (configuration manual 10.1.1).
#include <algorithm>

#include "common/keyword_table.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/fcgi_apps.h"
#include "proxyd/config/log_sections.h"
#include "proxyd/config/tables.h"
#include "proxyd/fcgi/request.h"

namespace proxyd::config {
namespace {

using fcgi::App;

App& section(Reading& in) {
    return *in.apps.back().app;
}

void add_acl(Reading& in, const Statement& line) {
    section(in).acls.add(line.arguments(), line.where, in.out);
}

void set_docroot(Reading& in, const Statement& line) {
    section(in).docroot = line.argument(0);
}

void set_index(Reading& in, const Statement& line) {
    section(in).index_name = line.argument(0);
}

void set_path_info(Reading& in, const Statement& line) {
    auto regex = rules::Regex::compile(line.argument(0), false);
    if (!regex) return in.error(line, regex.error());
    section(in).path_info = std::move(*regex);
}

void add_log(Reading& in, const Statement& line) {
    std::vector<LogLine>& lines = in.apps.back().logs;
    if (line.argument(0) == "global") return lines.push_back({.global = true, .target = {}});
    std::vector<std::string> words(line.arguments().begin(), line.arguments().end());
    words[0] = expand_address(words[0], [&](std::string_view name) { return in.environment.get(name); });
    auto target = observe::parse_log_target(words, line.where);
    if (!target) return in.error(line, target.error());
    lines.push_back({.global = false, .target = std::move(*target)});
}

// The condition behind the arguments of a rule.
bool read_condition(Reading& in, const Statement& line, std::size_t from, rules::Condition& condition) {
    return rules::compile_condition(line.arguments().subspan(from), section(in).acls, line.where, in.out,
                                    condition, rules::kAtBackRequest);
}

void add_passed_field(Reading& in, const Statement& line) {
    App::PassedField field{line.argument(0), {}};
    if (read_condition(in, line, 1, field.condition)) section(in).passed.push_back(std::move(field));
}

void add_param(Reading& in, const Statement& line) {
    auto value = rules::LogFormat::compile(line.argument(1), rules::LogUse::text, in.model.catalogue.get(),
                                           rules::kAtBackRequest);
    if (!value) return in.error(line, value.error());
    App::Param param{fcgi::parameter_name(line.argument(0)), std::move(*value), {}};
    if (read_condition(in, line, 2, param.condition)) section(in).params.push_back(std::move(param));
}

void use_app(Reading& in, const Statement& line) {
    use_fcgi_app(in, line, line.argument(0));
}

void set_keep_conn(Reading& in, const Statement& line) {
    section(in).keep_conn = !line.no;
}

// A connection carries one request at a time, which every application can. So its limits need not be known.
void set_max_requests(Reading& in, const Statement& line) {
    int count = 0;
    if (read_number(in, line, 0, 1, 0x7fffffff, count) && count > 1)
        in.no_effect(line, "'option max-reqs " + line.argument(0) + "'",
                     "a connection carries one request at a time");
}

void set_multiplexing(Reading& in, const Statement& line) {
    if (!line.no) in.no_effect(line, "'option mpxs-conns'", "a connection carries one request at a time");
}

void set_get_values(Reading& in, const Statement& line) {
    if (!line.no)
        in.no_effect(
            line, "'option get-values'",
            "the values would tell how many requests a connection can carry at a time, which is one here");
}

constexpr Keyword kKeywords[] = {
    works("acl", kFcgiApp, 2, -1, add_acl, "<name> <criterion> [<flags>] [<pattern> ...]",
          "names a test for this section"),
    works("docroot", kFcgiApp, 1, 1, set_docroot, "<path>", "where the scripts are, on the server"),
    works("index", kFcgiApp, 1, 1, set_index, "<script>", "the script of paths that end in '/'"),
    works("path-info", kFcgiApp, 1, 1, set_path_info, "<regex>",
          "group 1 of the decoded path is the script, group 2 the rest"),
    works("log-stderr", kFcgiApp, 1, -1, add_log, "global | <address> [len <n>] ... <facility> [<level>]",
          "where the application's error output goes; repeatable"),
    works("pass-header", kFcgiApp, 1, -1, add_passed_field, "<name> [if|unless <condition>]",
          "passes a field that is otherwise kept back"),
    works("set-param", kFcgiApp, 2, -1, add_param, "<name> <format> [if|unless <condition>]",
          "tells the application a parameter"),
    works("use-fcgi-app", kBackend | kListen, 1, 1, use_app, "<name>",
          "the FastCGI application of servers with 'proto fcgi'"),
};

constexpr Keyword kOptions[] = {
    works("keep-conn", kFcgiApp, 0, 0, set_keep_conn, "", "connections carry several requests in turn", kNo),
    works("get-values", kFcgiApp, 0, 0, set_get_values, "",
          "no effect: what the values limit, requests at the same time, is one here", kNo),
    works("max-reqs", kFcgiApp, 1, 1, set_max_requests, "<number>",
          "1; more have no effect: a connection carries one request at a time"),
    works("mpxs-conns", kFcgiApp, 0, 0, set_multiplexing, "",
          "no effect: a connection carries one request at a time", kNo),
};

// Of the section that a line of a backend names; nothing after a complaint.
std::shared_ptr<App> find_app(Reading& in, const Draft& draft) {
    std::vector<std::string_view> names;
    for (const FastCgiDraft& each : in.apps) {
        if (each.app->name == draft.fcgi_app) return each.app;
        names.push_back(each.app->name);
    }
    in.out.error(draft.fcgi_app_where,
                 "fcgi-app '" + draft.fcgi_app + "' not found" + common::did_you_mean(draft.fcgi_app, names));
    return nullptr;
}

void finish_section(Reading& in, Draft& draft) {
    session::ProxySettings& settings = *draft.settings;
    auto& servers = settings.upstream.servers;
    const auto speaks = [](const upstream::ServerSettings& server) { return server.speaks_fastcgi; };
    if (draft.fcgi_app.empty()) {
        const auto server = std::ranges::find_if(servers, speaks);
        if (server != servers.end() && settings.is_backend)
            in.out.error(server->where, "server '" + server->name +
                                            "' with 'proto fcgi' needs 'use-fcgi-app <name>' in '" +
                                            draft.name + "'");
        return;
    }
    const auto app = find_app(in, draft);
    if (!settings.http_mode)
        in.out.error(draft.fcgi_app_where, "'use-fcgi-app' in '" + draft.name + "' needs 'mode http'");
    if (std::ranges::none_of(servers, speaks))
        in.out.error(draft.fcgi_app_where,
                     "'use-fcgi-app' in '" + draft.name + "': no server there has 'proto fcgi'");
    if (app == nullptr) return;
    settings.fastcgi = app;
    for (upstream::ServerSettings& server : servers)
        if (server.speaks_fastcgi) server.fastcgi = app;
    // As parameters X-Y and X_Y are the same: rules about one could be passed by with the other.
    if (!settings.odd_names_given) settings.odd_names = session::OddNames::remove;
}

}  // namespace

std::span<const Keyword> fcgi_app_keywords() {
    return kKeywords;
}
std::span<const Keyword> fcgi_app_option_keywords() {
    return kOptions;
}

void open_fcgi_app(Reading& in, const Statement& line) {
    for (const FastCgiDraft& other : in.apps)
        if (other.app->name == line.words[1])
            in.error(line, "there is already an fcgi-app section named '" + line.words[1] + "'");
    if (line.words.size() > 2)
        in.error(line, "'fcgi-app' expects a name only, unexpected '" + line.words[2] + "'");
    auto app = std::make_shared<App>();
    app->name = line.words[1];
    app->where = line.where;
    app->index = in.apps.size();
    app->acls = rules::AclSet(in.model.catalogue);
    in.apps.push_back({std::move(app), {}});
}

void use_fcgi_app(Reading& in, const Statement& line, const std::string& name) {
    if (!in.draft->fcgi_app.empty() && in.draft->fcgi_app != name)
        in.error(line, "only one fcgi-app per backend: '" + in.draft->fcgi_app + "' or '" + name + "'");
    in.draft->fcgi_app = name;
    in.draft->fcgi_app_where = line.where;
}

void finish_fcgi_apps(Reading& in) {
    for (const auto& draft : in.proxies) finish_section(in, *draft);
    for (const FastCgiDraft& draft : in.apps) {
        if (draft.app->docroot.empty())
            in.out.error(draft.app->where, "fcgi-app '" + draft.app->name + "' needs 'docroot <path>'");
        observe::LogSettings errors;
        errors.targets = expand_logs(in, draft.logs);
        errors.tag = draft.app->name;
        errors.hostname = in.model.global.log_send_hostname;
        in.model.apps.push_back({draft.app, std::move(errors)});
    }
}

}  // namespace proxyd::config
