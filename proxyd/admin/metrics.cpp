#include "proxyd/admin/metrics.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/admin/show_info.h"
#include "proxyd/admin/stat_columns.h"

namespace proxyd::admin {

namespace {

enum class MetricType : unsigned char { gauge, counter };

constexpr unsigned bit(StatKind kind) {
    return 1U << static_cast<unsigned>(kind);
}
constexpr unsigned kF = bit(StatKind::frontend), kB = bit(StatKind::backend), kS = bit(StatKind::server);

struct ProcessMetric {
    std::string_view name;  // without "haproxy_process_"
    std::string_view info;  // line of `show info`
    MetricType type;
    std::string_view help;
};

constexpr ProcessMetric kProcessMetrics[] = {
    {"nbthread", "Nbthread", MetricType::gauge, "Number of worker threads"},
    {"nbproc", "Nbproc", MetricType::gauge, "Number of processes, always 1"},
    {"relative_process_id", "Process_num", MetricType::gauge, "Number of this process, always 1"},
    {"uptime_seconds", "Uptime_sec", MetricType::gauge, "Seconds since the start of this process"},
    {"max_fds", "Ulimit-n", MetricType::gauge, "Limit of open descriptors"},
    {"max_sockets", "Maxsock", MetricType::gauge, "Limit of sockets"},
    {"max_connections", "Maxconn", MetricType::gauge, "Limit of client connections"},
    {"hard_max_connections", "Hard_maxconn", MetricType::gauge, "Limit of client connections at the start"},
    {"current_connections", "CurrConns", MetricType::gauge, "Client connections now"},
    {"connections_total", "CumConns", MetricType::counter, "Client connections accepted"},
    {"requests_total", "CumReq", MetricType::counter, "Requests received"},
    {"current_ssl_connections", "CurrSslConns", MetricType::gauge, "TLS connections now"},
    {"ssl_connections_total", "CumSslConns", MetricType::counter, "TLS connections accepted"},
    {"current_connection_rate", "ConnRate", MetricType::gauge, "Connections in the last second"},
    {"max_connection_rate", "MaxConnRate", MetricType::gauge, "Most connections in one second"},
    {"current_session_rate", "SessRate", MetricType::gauge, "Sessions in the last second"},
    {"max_session_rate", "MaxSessRate", MetricType::gauge, "Most sessions in one second"},
    {"current_ssl_rate", "SslRate", MetricType::gauge, "TLS connections in the last second"},
    {"max_ssl_rate", "MaxSslRate", MetricType::gauge, "Most TLS connections in one second"},
    {"stopping", "Stopping", MetricType::gauge, "1 while the process ends"},
    {"jobs", "Jobs", MetricType::gauge, "Connections and listeners"},
    {"listeners", "Listeners", MetricType::gauge, "Listening sockets"},
    {"dropped_logs_total", "DroppedLogs", MetricType::counter, "Log lines dropped because a target was slow"},
    {"bytes_out_total", "TotalBytesOut", MetricType::counter, "Bytes sent to clients"},
    {"start_time_seconds", "Start_time_sec", MetricType::gauge, "Start time, seconds since 1970"},
};

struct SubjectMetric {
    std::string_view name;    // without "haproxy_KIND_"
    std::string_view column;  // of the statistics
    unsigned kinds;
    MetricType type;
    std::string_view help;
    bool milliseconds = false;    // to be given in seconds
    std::string_view label = {};  // code="2xx" and such; rows of one name stand together
};

constexpr SubjectMetric kSubjectMetrics[] = {
    {"current_queue", "qcur", kB | kS, MetricType::gauge, "Requests waiting in the queue now"},
    {"max_queue", "qmax", kB | kS, MetricType::gauge, "Most requests that waited in the queue"},
    {"current_sessions", "scur", kF | kB | kS, MetricType::gauge, "Sessions now"},
    {"max_sessions", "smax", kF | kB | kS, MetricType::gauge, "Most sessions at a time"},
    {"limit_sessions", "slim", kF | kB | kS, MetricType::gauge, "Limit of sessions"},
    {"sessions_total", "stot", kF | kB | kS, MetricType::counter, "Sessions"},
    {"bytes_in_total", "bin", kF | kB | kS, MetricType::counter, "Bytes of requests"},
    {"bytes_out_total", "bout", kF | kB | kS, MetricType::counter, "Bytes of responses"},
    {"requests_denied_total", "dreq", kF | kB, MetricType::counter, "Requests denied by rules"},
    {"responses_denied_total", "dresp", kF | kB | kS, MetricType::counter, "Responses denied by rules"},
    {"request_errors_total", "ereq", kF, MetricType::counter, "Bad or broken-off requests"},
    {"connection_errors_total", "econ", kB | kS, MetricType::counter, "Failed connections to servers"},
    {"response_errors_total", "eresp", kB | kS, MetricType::counter, "Bad or broken-off responses"},
    {"retry_warnings_total", "wretr", kB | kS, MetricType::counter, "Connections tried again"},
    {"redispatch_warnings_total", "wredis", kB | kS, MetricType::counter, "Requests sent to another server"},
    {"weight", "weight", kB | kS, MetricType::gauge, "Effective weight"},
    {"active_servers", "act", kB, MetricType::gauge, "Usable servers that are not backups"},
    {"backup_servers", "bck", kB, MetricType::gauge, "Usable backup servers"},
    {"check_failures_total", "chkfail", kS, MetricType::counter, "Failed health checks"},
    {"check_up_down_total", "chkdown", kB | kS, MetricType::counter, "Times it went down"},
    {"check_last_change_seconds", "lastchg", kB | kS, MetricType::gauge,
     "Seconds since the last change of state"},
    {"downtime_seconds_total", "downtime", kB | kS, MetricType::counter, "Seconds it was down"},
    {"queue_limit", "qlimit", kS, MetricType::gauge, "Limit of the queue"},
    {"loadbalanced_total", "lbtot", kB | kS, MetricType::counter, "Times a server was chosen"},
    {"limit_session_rate", "rate_lim", kF, MetricType::gauge, "Limit of sessions per second"},
    {"max_session_rate", "rate_max", kF | kB | kS, MetricType::gauge, "Most sessions in one second"},
    {"check_code", "check_code", kS, MetricType::gauge, "HTTP status of the last health check"},
    {"check_duration_seconds", "check_duration", kS, MetricType::gauge, "Duration of the last health check",
     true},
    {"http_responses_total", "hrsp_1xx", kF | kB | kS, MetricType::counter, "Responses by class", false,
     "1xx"},
    {"http_responses_total", "hrsp_2xx", kF | kB | kS, MetricType::counter, "Responses by class", false,
     "2xx"},
    {"http_responses_total", "hrsp_3xx", kF | kB | kS, MetricType::counter, "Responses by class", false,
     "3xx"},
    {"http_responses_total", "hrsp_4xx", kF | kB | kS, MetricType::counter, "Responses by class", false,
     "4xx"},
    {"http_responses_total", "hrsp_5xx", kF | kB | kS, MetricType::counter, "Responses by class", false,
     "5xx"},
    {"http_responses_total", "hrsp_other", kF | kB | kS, MetricType::counter, "Responses by class", false,
     "other"},
    {"http_requests_rate_max", "req_rate_max", kF, MetricType::gauge, "Most requests in one second"},
    {"http_requests_total", "req_tot", kF | kB, MetricType::counter, "Requests"},
    {"client_aborts_total", "cli_abrt", kB | kS, MetricType::counter, "Exchanges that the client broke off"},
    {"server_aborts_total", "srv_abrt", kB | kS, MetricType::counter, "Exchanges that the server broke off"},
    {"last_session_seconds", "lastsess", kB | kS, MetricType::gauge,
     "Seconds since the last session; -1: none yet"},
    {"queue_time_average_seconds", "qtime", kB | kS, MetricType::gauge, "Average time in the queue", true},
    {"connect_time_average_seconds", "ctime", kB | kS, MetricType::gauge, "Average time to connect", true},
    {"response_time_average_seconds", "rtime", kB | kS, MetricType::gauge, "Average time to the response",
     true},
    {"total_time_average_seconds", "ttime", kB | kS, MetricType::gauge, "Average time of an exchange", true},
    {"connections_rate_max", "conn_rate_max", kF, MetricType::gauge, "Most connections in one second"},
    {"connections_total", "conn_tot", kF, MetricType::counter, "Connections accepted"},
    {"connection_attempts_total", "connect", kB | kS, MetricType::counter, "Connections opened to servers"},
    {"connection_reuses_total", "reuse", kB | kS, MetricType::counter, "Requests sent on an idle connection"},
    {"used_connections_current", "used_conn_cur", kS, MetricType::gauge, "Connections in use now"},
    {"uweight", "uweight", kB | kS, MetricType::gauge, "Weight as configured or set by the operator"},
};

struct KindRow {
    StatKind kind;
    std::string_view name;
    bool MetricScopes::* wanted;
    std::vector<std::string_view> (*states)();
};

std::vector<std::string_view> proxy_states() {
    return {"DOWN", "UP"};
}
std::vector<std::string_view> server_states() {
    return {"DOWN", "UP", "MAINT", "DRAIN", "NOLB"};
}

const KindRow kKinds[] = {
    {StatKind::frontend, "frontend", &MetricScopes::frontend, proxy_states},
    {StatKind::backend, "backend", &MetricScopes::backend, proxy_states},
    {StatKind::server, "server", &MetricScopes::server, server_states},
};

constexpr std::string_view kCheckStates[] = {"HANA",   "SOCKERR", "L4OK",     "L4TOUT", "L4CON", "L6OK",
                                             "L6TOUT", "L6RSP",   "L7TOUT",   "L7RSP",  "L7OK",  "L7OKC",
                                             "L7STS",  "PROCERR", "PROCTOUT", "PROCOK"};

void head(std::string_view name, MetricType type, std::string_view help, std::string& out) {
    out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name);
    out += type == MetricType::gauge ? " gauge\n" : " counter\n";
}

std::string value_of(const StatSubject& subject, const SubjectMetric& metric) {
    std::string text;
    const StatColumn* const column = find_column(metric.column);
    if ((column->kinds & bit(subject.kind)) == 0) return text;
    column->render(subject, text);
    if (text.empty() || !metric.milliseconds) return text;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", std::stod(text) / 1000);
    return seconds;
}

std::string labels_of(const StatSubject& subject) {
    std::string labels = "proxy=\"" + label_text(subject.settings->name) + "\"";
    if (subject.server != nullptr) labels += ",server=\"" + label_text(subject.server->name) + "\"";
    return labels;
}

void sample(std::string_view name, const std::string& labels, std::string_view value, std::string& out) {
    out.append(name).append("{").append(labels).append("} ").append(value).append("\n");
}

// The status word without its progress; what is neither down, in maintenance nor draining is up.
std::string_view coarse_status(const StatSubject& subject) {
    const std::string status = status_text(subject);
    for (const std::string_view word : {"DOWN", "MAINT", "DRAIN"}) {
        if (status.starts_with(word)) return word;
    }
    return status == "STOP" ? "DOWN" : "UP";
}

void render_states(const std::vector<StatSubject>& subjects, const KindRow& kind, std::string& out) {
    const std::string name = "haproxy_" + std::string(kind.name) + "_status";
    head(name, MetricType::gauge, "1 at the state it is in", out);
    for (const StatSubject& subject : subjects) {
        const std::string_view now = coarse_status(subject);
        for (const std::string_view state : kind.states()) {
            sample(name, labels_of(subject) + ",state=\"" + std::string(state) + "\"",
                   state == now ? "1" : "0", out);
        }
    }
}

void render_check_states(const std::vector<StatSubject>& subjects, std::string& out) {
    constexpr std::string_view kName = "haproxy_server_check_status";
    head(kName, MetricType::gauge, "1 at the outcome of the last health check", out);
    for (const StatSubject& subject : subjects) {
        if (!subject.checked()) continue;
        for (const std::string_view state : kCheckStates) {
            sample(kName, labels_of(subject) + ",state=\"" + std::string(state) + "\"",
                   state == subject.check.status ? "1" : "0", out);
        }
    }
}

void render_kind(const View& view, const KindRow& kind, const MetricScopes& scopes, std::string& out) {
    std::vector<StatSubject> subjects;
    for_each_subject(view, {}, [&](const StatSubject& subject) {
        if (subject.kind != kind.kind) return;
        const bool out_of_service = subject.server != nullptr && subject.server->in_maintenance();
        if (!scopes.only_active || !out_of_service) subjects.push_back(subject);
    });
    if (subjects.empty()) return;
    std::string_view last;
    for (const SubjectMetric& metric : kSubjectMetrics) {
        if ((metric.kinds & bit(kind.kind)) == 0) continue;
        const std::string name = "haproxy_" + std::string(kind.name) + "_" + std::string(metric.name);
        if (metric.name != last) head(name, metric.type, metric.help, out);
        last = metric.name;
        for (const StatSubject& subject : subjects) {
            const std::string value = value_of(subject, metric);
            if (value.empty()) continue;
            const std::string code =
                metric.label.empty() ? "" : ",code=\"" + std::string(metric.label) + "\"";
            sample(name, labels_of(subject) + code, value, out);
        }
    }
    render_states(subjects, kind, out);
    if (kind.kind == StatKind::server) render_check_states(subjects, out);
}

void render_process(const View& view, std::string& out) {
    for (const ProcessMetric& metric : kProcessMetrics) {
        const InfoRow* const row = common::find_row(info_rows(), metric.info);
        const std::string name = "haproxy_process_" + std::string(metric.name);
        head(name, metric.type, metric.help, out);
        out.append(name).append(" ");
        row->render(view, out);
        out += '\n';
    }
    head("haproxy_process_build_info", MetricType::gauge, "Version of the program", out);
    sample("haproxy_process_build_info", "version=\"" + label_text(view.release) + "\"", "1", out);
}

}  // namespace

std::string label_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

MetricScopes metric_scopes(std::string_view query) {
    MetricScopes scopes;
    bool chosen = false;
    for (const std::string_view part : common::split(query, '&')) {
        if (part == "no-maint" || part.starts_with("no-maint=")) scopes.only_active = true;
        if (!part.starts_with("scope=")) continue;
        const std::string_view name = part.substr(6);
        if (!chosen) scopes.global = scopes.frontend = scopes.backend = scopes.server = false;
        chosen = true;
        const bool all = name == "*" || name == "%2A" || name == "%2a";
        scopes.global |= all || name == "global";
        scopes.frontend |= all || name == "frontend";
        scopes.backend |= all || name == "backend";
        scopes.server |= all || name == "server";
    }
    return scopes;
}

std::string render_metrics(const View& view, const MetricScopes& scopes) {
    std::string out;
    if (scopes.global) render_process(view, out);
    for (const KindRow& kind : kKinds) {
        if (scopes.*kind.wanted) render_kind(view, kind, scopes, out);
    }
    return out;
}

session::MetricsService make_metrics_service(const View& view) {
    return [view](const http::Message& request) {
        session::ServiceReply reply;
        reply.content_type = "text/plain; version=0.0.4";
        if (request.method != http::Method::get && request.method != http::Method::head) {
            reply.status = 405;
            return reply;
        }
        reply.body = render_metrics(view, metric_scopes(request.query()));
        return reply;
    };
}

}  // namespace proxyd::admin
