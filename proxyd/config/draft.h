// A section while it is being read. Its settings start as a copy of its defaults; what other sections decide
// (log targets, backends by name, global's TLS defaults) is filled in at the end, by finish.cpp.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "proxyd/config/keyword.h"
#include "proxyd/config/statement.h"
#include "proxyd/observe/forward_settings.h"
#include "proxyd/session/settings.h"

namespace proxyd::config {

// A `log` line: a target of its own or `log global`.
struct LogLine {
    bool global = false;
    observe::LogTarget target;
};

// Which line an access log writes.
struct LogFormatChoice {
    enum class Kind : unsigned char { connect, http, clf, tcp, tcp_clf, https, custom } kind = Kind::connect;
    std::string text;  // custom
    common::Location where;
};

// `email-alert` lines.
struct MailAlertLines {
    std::string mailers, from, to, hostname;
    int level = 1;
    common::Location where;  // of the latest; line 0: there is none
};

// What a section hands down besides session::InheritedSettings: meanings that end with the configuration.
struct Preset {
    upstream::ServerSettings default_server;
    std::vector<LogLine> logs;
    LogFormatChoice log_format;
    std::string error_log_format, structured_data;
    common::Location error_log_format_where, structured_data_where;
    bool stats_from_defaults =
        false;  // the statistics page is a copy; the first own `stats` line starts anew
    bool checks_from_defaults = false, http_checks_from_defaults = false;  // so are the steps of checks
    int backlog = 0;
    MailAlertLines mail;
    upstream::SourceSettings source;
};

// A `log-forward` section while it is being read.
struct ForwardDraft {
    observe::ForwardSettings settings;
    std::vector<LogLine> logs;
};

// An `fcgi-app` section while it is being read.
struct FastCgiDraft {
    std::shared_ptr<fcgi::App> app;
    std::vector<LogLine> logs;
};

// In which order kinds of rules take effect, whatever the order of their lines.
enum class RuleKind : unsigned char {
    tcp_connection,
    tcp_session,
    tcp_content,
    monitor_fail,
    http_request,
    redirect,
    use_backend,
    use_server
};
inline constexpr std::size_t kRuleKinds = 8;

struct Draft {
    Sections kind = 0;  // kDefaults, kFrontend, kListen or kBackend
    std::string name;
    common::Location where;
    std::unique_ptr<session::ProxySettings> settings = std::make_unique<session::ProxySettings>();
    Preset preset;

    const Draft* defaults = nullptr;  // where the settings came from
    common::Location mode_where;
    bool explicit_from = false;
    common::Location default_backend_where;
    bool switches_mode = false;  // tcp-request content switch-mode
    bool has_rules = false;      // a named defaults section
    bool routed_without_condition = false;
    std::string fcgi_app;  // use-fcgi-app; empty: none
    common::Location fcgi_app_where;
    std::array<int, kRuleKinds> rule_lines{};  // the latest line of each kind, 0: none yet
};

}  // namespace proxyd::config
