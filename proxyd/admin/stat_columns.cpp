#include "proxyd/admin/stat_columns.h"
#include "proxyd/upstream/slow_start.h"

#include <algorithm>

#include "common/keyword_table.h"

namespace proxyd::admin {

namespace {

using Subject = StatSubject;
using Out = std::string;

constexpr unsigned bit(StatKind kind) {
    return 1U << static_cast<unsigned>(kind);
}
constexpr unsigned kF = bit(StatKind::frontend), kB = bit(StatKind::backend), kS = bit(StatKind::server),
                   kL = bit(StatKind::listener);
constexpr unsigned kAll = kF | kB | kS | kL;
constexpr unsigned kNone = 0;

void number(std::int64_t value, Out& out) {
    out += std::to_string(value);
}

// Number of a limit; nothing when there is none.
void limit(std::int64_t value, Out& out) {
    if (value > 0) number(value, out);
}

template <auto Member>
void counter(const Subject& subject, Out& out) {
    const state::ShardedCounters* counters = subject.counters();
    number(counters ? static_cast<std::int64_t>(counters->sum(
                          [](const state::Counters& c) -> const state::Count& { return c.*Member; }))
                    : 0,
           out);
}

// What does not exist here is 0, as it is in HAProxy when unused.
void zero(const Subject&, Out& out) {
    out += '0';
}
void http_zero(const Subject& subject, Out& out) {
    if (subject.settings->http_mode) out += '0';
}

template <auto Member>
void http_counter(const Subject& subject, Out& out) {
    if (subject.settings->http_mode) counter<Member>(subject, out);
}

template <std::size_t Class>  // 0 other, 1..5
void responses(const Subject& subject, Out& out) {
    if (!subject.settings->http_mode) return;
    number(static_cast<std::int64_t>(subject.counters()->sum(
               [](const state::Counters& c) -> const state::Count& { return c.responses[Class]; })),
           out);
}

// Averages over all that finished, milliseconds.
template <auto Member>
void average_ms(const Subject& subject, Out& out) {
    const auto sum = [&](auto member) {
        return subject.counters()->sum(
            [member](const state::Counters& c) -> const state::Count& { return c.*member; });
    };
    const std::uint64_t finished = sum(&state::Counters::timed);
    number(finished == 0 ? 0 : static_cast<std::int64_t>(sum(Member) / finished / 1000), out);
}

void pxname(const Subject& s, Out& out) {
    append_csv_text(s.settings->name, out);
}

void svname(const Subject& s, Out& out) {
    switch (s.kind) {
        case StatKind::frontend:
            out += "FRONTEND";
            break;
        case StatKind::backend:
            out += "BACKEND";
            break;
        case StatKind::server:
            append_csv_text(s.server->name, out);
            break;
        case StatKind::listener:
            append_csv_text(s.listener->name.empty() ? "sock-" + std::to_string(s.id) : s.listener->name,
                            out);
            break;
    }
}

const state::Gauge& queue(const Subject& s) {
    return s.server != nullptr ? s.server->queued : s.proxy->queued;
}
void qcur(const Subject& s, Out& out) {
    number(queue(s).now(), out);
}
void qmax(const Subject& s, Out& out) {
    number(queue(s).max(), out);
}
void scur(const Subject& s, Out& out) {
    number(s.sessions()->now(), out);
}
void smax(const Subject& s, Out& out) {
    number(s.sessions()->max(), out);
}

void slim(const Subject& s, Out& out) {
    const std::int64_t most = session_limit(s);
    if (s.kind == StatKind::server) return limit(most, out);
    number(most, out);
}

void status(const Subject& s, Out& out) {
    out += status_text(s);
}
void weight(const Subject& s, Out& out) {
    number(weight_of(s), out);
}
void act(const Subject& s, Out& out) {
    number(s.server != nullptr ? (s.server->backup ? 0 : 1) : s.proxy->usable_servers(false), out);
}
void bck(const Subject& s, Out& out) {
    number(s.server != nullptr ? (s.server->backup ? 1 : 0) : s.proxy->usable_servers(true), out);
}

void chkfail(const Subject& s, Out& out) {
    if (s.checked()) number(static_cast<std::int64_t>(s.check.failures), out);
}
void chkdown(const Subject& s, Out& out) {
    if (s.kind == StatKind::backend) {
        number(s.down() ? 1 : 0, out);
    } else if (s.checked()) {
        number(static_cast<std::int64_t>(s.check.transitions), out);
    }
}
void lastchg(const Subject& s, Out& out) {
    number(std::max<std::int64_t>(0, s.wall_ms - s.changed_ms()) / 1000, out);
}
void downtime(const Subject& s, Out& out) {
    if (s.checked() || (s.kind == StatKind::backend && !s.proxy->servers.empty())) number(downtime_s(s), out);
}

void qlimit(const Subject& s, Out& out) {
    limit(s.server_settings->maxqueue, out);
}
void pid(const Subject&, Out& out) {
    out += '1';
}  // HAProxy's process number, always the first
void iid(const Subject& s, Out& out) {
    number(s.proxy->id, out);
}
void sid(const Subject& s, Out& out) {
    number(s.id, out);
}
void type(const Subject& s, Out& out) {
    number(static_cast<int>(s.kind), out);
}
void rate(const Subject& s, Out& out) {
    number(s.session_rate()->per_second(s.now), out);
}
void rate_lim(const Subject& s, Out& out) {
    number(s.settings->rate_limit, out);
}
void rate_max(const Subject& s, Out& out) {
    number(s.session_rate()->max(), out);
}

void check_status(const Subject& s, Out& out) {
    if (!s.checked()) return;
    if (s.check.running) out += "* ";
    out += s.check.status;
}
void check_code(const Subject& s, Out& out) {
    if (s.checked()) limit(s.check.code, out);
}
void check_duration(const Subject& s, Out& out) {
    if (s.checked() && s.check.duration_ms >= 0) number(s.check.duration_ms, out);
}
void req_rate(const Subject& s, Out& out) {
    number(s.half()->request_rate.per_second(s.now), out);
}
void req_rate_max(const Subject& s, Out& out) {
    number(s.half()->request_rate.max(), out);
}

void lastsess(const Subject& s, Out& out) {
    const std::int64_t last =
        s.server != nullptr ? s.server->last_session_ms.load() : s.proxy->backend.last_session_ms.load();
    number(last == 0 ? -1 : std::max<std::int64_t>(0, s.wall_ms - last) / 1000, out);
}
void last_chk(const Subject& s, Out& out) {
    if (s.checked()) append_csv_text(s.check.info, out);
}
void last_agt(const Subject& s, Out& out) {
    if (s.server_settings->agent.enabled) append_csv_text(s.server->agent_check().info, out);
}
void agent_status(const Subject& s, Out& out) {
    if (s.server_settings->agent.enabled) out += s.server->agent_check().status;
}
void agent_duration(const Subject& s, Out& out) {
    if (!s.server_settings->agent.enabled) return;
    const std::int64_t duration = s.server->agent_check().duration_ms;
    if (duration >= 0) number(duration, out);
}
void agent_desc(const Subject& s, Out& out) {
    if (s.server_settings->agent.enabled) append_csv_text(s.server->agent_check().description, out);
}
// One answer decides (HAProxy's DEF_AGENT_RISETIME, DEF_AGENT_FALLTIME).
void agent_goal(const Subject& s, Out& out) {
    if (s.server_settings->agent.enabled) number(1, out);
}
void agent_health(const Subject& s, Out& out) {
    if (s.server_settings->agent.enabled) number(s.server->agent_down ? 0 : 1, out);
}
void check_desc(const Subject& s, Out& out) {
    if (s.checked()) append_csv_text(s.check.description, out);
}
void check_rise(const Subject& s, Out& out) {
    if (s.checked()) number(s.server_settings->check.rise, out);
}
void check_fall(const Subject& s, Out& out) {
    if (s.checked()) number(s.server_settings->check.fall, out);
}
void check_value(const Subject& s, Out& out) {
    if (s.checked()) number(check_health(s), out);
}
void addr(const Subject& s, Out& out) {
    if (s.listener != nullptr) return append_csv_text(s.listener->address, out);
    append_csv_text(s.server->address().to_string(), out);
}
void cookie(const Subject& s, Out& out) {
    if (s.server_settings != nullptr) append_csv_text(s.server_settings->cookie, out);
}
void mode(const Subject& s, Out& out) {
    out += s.settings->http_mode ? "http" : "tcp";
}
void algo(const Subject& s, Out& out) {
    out += s.settings->upstream.balance;
}
void used_conn_cur(const Subject& s, Out& out) {
    number(s.server->sessions.now(), out);
}
void uweight(const Subject& s, Out& out) {
    number(s.server != nullptr ? s.server->configured_weight.load(std::memory_order_relaxed) : weight_of(s),
           out);
}
// A server is given each of its requests as a session of its own.
void requests(const Subject& s, Out& out) {
    if (s.kind == StatKind::frontend) return counter<&state::Counters::requests>(s, out);
    if (!s.settings->http_mode) return;
    s.server != nullptr ? counter<&state::Counters::sessions>(s, out)
                        : counter<&state::Counters::requests>(s, out);
}
void throttle(const Subject& s, Out& out) {
    if (const int percent = upstream::throttle_percent(*s.server_settings, *s.server, s.wall_ms); percent > 0)
        number(percent, out);
}
void tracked(const Subject& s, Out& out) {
    const upstream::ServerSettings& settings = *s.server_settings;
    if (!settings.tracked_server.empty())
        append_csv_text(settings.tracked_backend + "/" + settings.tracked_server, out);
}
void hanafail(const Subject& s, Out& out) {
    const bool watched = s.checked() || !s.server_settings->tracked_server.empty();
    if (watched) number(static_cast<std::int64_t>(s.server->analyze_failures.load()), out);
}
void nothing(const Subject&, Out&) {}

using C = state::Counters;

constexpr StatColumn kColumns[] = {
    {"pxname", kAll, pxname},
    {"svname", kAll, svname},
    {"qcur", kB | kS, qcur},
    {"qmax", kB | kS, qmax},
    {"scur", kAll, scur},
    {"smax", kAll, smax},
    {"slim", kAll, slim},
    {"stot", kAll, counter<&C::sessions>},
    {"bin", kAll, counter<&C::bytes_in>},
    {"bout", kAll, counter<&C::bytes_out>},
    {"dreq", kL | kF | kB, counter<&C::denied_requests>},
    {"dresp", kAll, counter<&C::denied_responses>},
    {"ereq", kL | kF, counter<&C::request_errors>},
    {"econ", kB | kS, counter<&C::connect_errors>},
    {"eresp", kB | kS, counter<&C::response_errors>},
    {"wretr", kB | kS, counter<&C::retries>},
    {"wredis", kB | kS, counter<&C::redispatches>},
    {"status", kAll, status},
    {"weight", kB | kS, weight},
    {"act", kB | kS, act},
    {"bck", kB | kS, bck},
    {"chkfail", kS, chkfail},
    {"chkdown", kB | kS, chkdown},
    {"lastchg", kB | kS, lastchg},
    {"downtime", kB | kS, downtime},
    {"qlimit", kS, qlimit},
    {"pid", kAll, pid},
    {"iid", kAll, iid},
    {"sid", kAll, sid},
    {"throttle", kS, throttle},
    {"lbtot", kB | kS, counter<&C::chosen>},
    {"tracked", kS, tracked},
    {"type", kAll, type},
    {"rate", kF | kB | kS, rate},
    {"rate_lim", kF, rate_lim},
    {"rate_max", kF | kB | kS, rate_max},
    {"check_status", kS, check_status},
    {"check_code", kS, check_code},
    {"check_duration", kS, check_duration},
    {"hrsp_1xx", kF | kB | kS, responses<1>},
    {"hrsp_2xx", kF | kB | kS, responses<2>},
    {"hrsp_3xx", kF | kB | kS, responses<3>},
    {"hrsp_4xx", kF | kB | kS, responses<4>},
    {"hrsp_5xx", kF | kB | kS, responses<5>},
    {"hrsp_other", kF | kB | kS, responses<0>},
    {"hanafail", kS, hanafail},
    {"req_rate", kF, req_rate},
    {"req_rate_max", kF, req_rate_max},
    {"req_tot", kF | kB | kS, requests},
    {"cli_abrt", kB | kS, counter<&C::client_aborts>},
    {"srv_abrt", kB | kS, counter<&C::server_aborts>},
    {"comp_in", kF | kB, counter<&C::compressed_in>},
    {"comp_out", kF | kB, counter<&C::compressed_out>},
    {"comp_byp", kF | kB, zero},
    {"comp_rsp", kF | kB, counter<&C::compressed_responses>},
    {"lastsess", kB | kS, lastsess},
    {"last_chk", kS, last_chk},
    {"last_agt", kS, last_agt},
    {"qtime", kB | kS, average_ms<&C::queue_us>},
    {"ctime", kB | kS, average_ms<&C::connect_us>},
    {"rtime", kB | kS, average_ms<&C::response_us>},
    {"ttime", kB | kS, average_ms<&C::total_us>},
    {"agent_status", kS, agent_status},
    {"agent_code", kNone, nothing},
    {"agent_duration", kS, agent_duration},
    {"check_desc", kS, check_desc},
    {"agent_desc", kS, agent_desc},
    {"check_rise", kS, check_rise},
    {"check_fall", kS, check_fall},
    {"check_health", kS, check_value},
    {"agent_rise", kS, agent_goal},
    {"agent_fall", kS, agent_goal},
    {"agent_health", kS, agent_health},
    {"addr", kL | kS, addr},
    {"cookie", kS, cookie},
    {"mode", kAll, mode},
    {"algo", kB, algo},
    {"conn_rate", kF, rate},
    {"conn_rate_max", kF, rate_max},
    {"conn_tot", kF, counter<&C::connections>},
    {"intercepted", kF, http_zero},
    {"dcon", kL | kF, zero},
    {"dses", kL | kF, zero},
    {"wrew", kAll, zero},
    {"connect", kB | kS, counter<&C::connects>},
    {"reuse", kB | kS, counter<&C::reuses>},
    {"cache_lookups", kF | kB, http_counter<&C::cache_lookups>},
    {"cache_hits", kF | kB, http_counter<&C::cache_hits>},
    {"srv_icur", kS, zero},
    {"src_ilim", kNone, nothing},
    {"qtime_max", kB | kS, zero},
    {"ctime_max", kB | kS, zero},
    {"rtime_max", kB | kS, zero},
    {"ttime_max", kB | kS, zero},
    {"eint", kAll, zero},
    {"idle_conn_cur", kS, zero},
    {"safe_conn_cur", kS, zero},
    {"used_conn_cur", kS, used_conn_cur},
    {"need_conn_est", kS, zero},
    {"uweight", kB | kS, uweight},
    {"agg_server_status", kB, zero},
    {"agg_server_check_status", kB, zero},
    {"agg_check_status", kB, zero},
};

}  // namespace

std::span<const StatColumn> stat_columns() {
    return kColumns;
}

const StatColumn* find_column(std::string_view name) {
    return common::find_row(stat_columns(), name);
}

void append_csv_text(std::string_view text, std::string& out) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c == '\r' || c == '\n' ? ' ' : c;  // tools read line by line
    }
    out += '"';
}

std::string csv_header() {
    std::string out = "# ";
    for (const StatColumn& column : kColumns) out.append(column.name).append(",");
    return out + "-,\n";
}

void append_csv(const StatSubject& subject, std::string& out) {
    for (const StatColumn& column : kColumns) {
        if ((column.kinds & bit(subject.kind)) != 0) column.render(subject, out);
        out += ',';
    }
    out += "-,\n";
}

std::string render_csv(const View& view, const StatFilter& filter) {
    std::string out = csv_header();
    for_each_subject(view, filter, [&](const StatSubject& subject) { append_csv(subject, out); });
    return out;
}

}  // namespace proxyd::admin
