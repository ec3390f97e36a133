#include "proxyd/admin/show_info.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "proxyd/session/entrance.h"

namespace proxyd::admin {

namespace {

using Out = std::string;

state::ProcessState& process(const View& view) {
    return view.runtime->state->process;
}

void number(std::int64_t value, Out& out) {
    out += std::to_string(value);
}
void zero(const View&, Out& out) {
    out += '0';
}

template <auto Member>
std::int64_t sum(const View& view) {
    return static_cast<std::int64_t>(process(view).counters.sum(
        [](const state::Counters& c) -> const state::Count& { return c.*Member; }));
}

template <auto Member>
void process_counter(const View& view, Out& out) {
    number(sum<Member>(view), out);
}

template <auto Member>
std::int64_t frontends_sum(const View& view) {
    std::uint64_t total = 0;
    for (const auto& proxy : view.runtime->state->proxies) {
        total += proxy->frontend.counters.sum(
            [](const state::Counters& c) -> const state::Count& { return c.*Member; });
    }
    return static_cast<std::int64_t>(total);
}

template <auto Member>
void rate_now(const View& view, Out& out) {
    number((process(view).*Member).per_second(common::Clock::now()), out);
}
template <auto Member>
void rate_max(const View& view, Out& out) {
    number((process(view).*Member).max(), out);
}

using Limits = session::ProcessLimits;
template <int Limits::* member>
void limit(const View& view, Out& out) {
    number(view.runtime->limits.*member, out);
}

constexpr std::int64_t kKilobyte = 1024;
template <auto Member>
void bytes_rate(const View& view, Out& out) {
    number(kKilobyte * (process(view).*Member).per_second(common::Clock::now()), out);
}
void compression_limit(const View& view, Out& out) {
    number(kKilobyte * view.runtime->limits.compression_rate, out);
}

// Of the busiest worker.
void idle_percent(const View& view, Out& out) {
    int least = 100;
    for (const session::Entrance* entrance : view.runtime->entrances)
        least = std::min(least, entrance->worker().idle_percent());
    number(least, out);
}

std::int64_t uptime_s(const View& view) {
    using namespace std::chrono;
    const std::int64_t now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    return std::max<std::int64_t>(0, now - process(view).started_ms) / 1000;
}

void name(const View&, Out& out) {
    out += "HAProxy";
}  // exporters look for this word
void version(const View& view, Out& out) {
    out += view.release;
}
void release_date(const View&, Out& out) {
    out += "2026/11/22";
}
void threads(const View& view, Out& out) {
    number(view.runtime->state->workers, out);
}
void one(const View&, Out& out) {
    out += '1';
}
void pid(const View&, Out& out) {
    number(getpid(), out);
}

void uptime(const View& view, Out& out) {
    const std::int64_t s = uptime_s(view);
    char text[64];
    std::snprintf(text, sizeof text, "%lldd %lldh%02lldm%02llds", static_cast<long long>(s / 86400),
                  static_cast<long long>(s / 3600 % 24), static_cast<long long>(s / 60 % 60),
                  static_cast<long long>(s % 60));
    out += text;
}
void uptime_sec(const View& view, Out& out) {
    number(uptime_s(view), out);
}

void ulimit_n(const View&, Out& out) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    number(static_cast<std::int64_t>(limit.rlim_cur), out);
}
void maxconn(const View& view, Out& out) {
    number(view.runtime->maxconn, out);
}
void connections(const View& view, Out& out) {
    number(process(view).connections.now(), out);
}
void all_connections(const View& view, Out& out) {
    number(frontends_sum<&state::Counters::connections>(view), out);
}
void all_requests(const View& view, Out& out) {
    number(frontends_sum<&state::Counters::requests>(view), out);
}
void tls_connections(const View& view, Out& out) {
    number(process(view).tls_connections.now(), out);
}
void all_tls(const View& view, Out& out) {
    number(static_cast<std::int64_t>(process(view).total_tls.load()), out);
}
void bytes_out(const View& view, Out& out) {
    number(frontends_sum<&state::Counters::bytes_out>(view), out);
}
void node(const View& view, Out& out) {
    out += view.model->global.node;
}
void description(const View& view, Out& out) {
    out += view.model->global.description;
}
void stopping(const View& view, Out& out) {
    number(view.runtime->stopping.load() ? 1 : 0, out);
}

void listeners(const View& view, Out& out) {
    std::int64_t count = 0;
    for (const auto& proxy : view.runtime->state->proxies) {
        count += std::ranges::count_if(proxy->listeners,
                                       [](const auto& listener) { return listener->listening.load(); });
    }
    number(count, out);
}
void jobs(const View& view, Out& out) {
    std::string open;
    listeners(view, open);
    number(std::stoll(open) + process(view).connections.now(), out);
}
void dropped_logs(const View& view, Out& out) {
    number(static_cast<std::int64_t>(process(view).dropped_log_lines.load()), out);
}
void start_time(const View& view, Out& out) {
    number(process(view).started_ms / 1000, out);
}

using P = state::ProcessState;

// Names and order of HAProxy 2.6; what does not exist here is 0, as it is there when unused.
constexpr InfoRow kRows[] = {
    {"Name", name},
    {"Version", version},
    {"Release_date", release_date},
    {"Nbthread", threads},
    {"Nbproc", one},
    {"Process_num", one},
    {"Pid", pid},
    {"Uptime", uptime},
    {"Uptime_sec", uptime_sec},
    {"Memmax_MB", zero},
    {"PoolAlloc_MB", zero},
    {"PoolUsed_MB", zero},
    {"PoolFailed", zero},
    {"Ulimit-n", ulimit_n},
    {"Maxsock", ulimit_n},
    {"Maxconn", maxconn},
    {"Hard_maxconn", maxconn},
    {"CurrConns", connections},
    {"CumConns", all_connections},
    {"CumReq", all_requests},
    {"MaxSslConns", limit<&Limits::tls_connections>},
    {"CurrSslConns", tls_connections},
    {"CumSslConns", all_tls},
    {"Maxpipes", zero},
    {"PipesUsed", zero},
    {"PipesFree", zero},
    {"ConnRate", rate_now<&P::connection_rate>},
    {"ConnRateLimit", limit<&Limits::connection_rate>},
    {"MaxConnRate", rate_max<&P::connection_rate>},
    {"SessRate", rate_now<&P::session_rate>},
    {"SessRateLimit", limit<&Limits::session_rate>},
    {"MaxSessRate", rate_max<&P::session_rate>},
    {"SslRate", rate_now<&P::tls_rate>},
    {"SslRateLimit", limit<&Limits::tls_rate>},
    {"MaxSslRate", rate_max<&P::tls_rate>},
    {"SslFrontendKeyRate", zero},
    {"SslFrontendMaxKeyRate", zero},
    {"SslFrontendSessionReuse_pct", zero},
    {"SslBackendKeyRate", zero},
    {"SslBackendMaxKeyRate", zero},
    {"SslCacheLookups", zero},
    {"SslCacheMisses", zero},
    {"CompressBpsIn", bytes_rate<&P::compressed_in>},
    {"CompressBpsOut", bytes_rate<&P::compressed_out>},
    {"CompressBpsRateLim", compression_limit},
    {"Tasks", connections},
    {"Run_queue", zero},
    {"Idle_pct", idle_percent},
    {"node", node},
    {"description", description},
    {"Stopping", stopping},
    {"Jobs", jobs},
    {"Unstoppable Jobs", zero},
    {"Listeners", listeners},
    {"ActivePeers", zero},
    {"ConnectedPeers", zero},
    {"DroppedLogs", dropped_logs},
    {"BusyPolling", zero},
    {"FailedResolutions", zero},
    {"TotalBytesOut", bytes_out},
    {"TotalSplicdedBytesOut", zero},
    {"BytesOutRate", zero},
    {"DebugCommandsIssued", zero},
    {"CumRecvLogs", zero},
    {"Build info", version},
    {"Memmax_bytes", zero},
    {"PoolAlloc_bytes", zero},
    {"PoolUsed_bytes", zero},
    {"Start_time_sec", start_time},
    {"Tainted", zero},
};

}  // namespace

std::span<const InfoRow> info_rows() {
    return kRows;
}

std::string render_info(const View& view) {
    std::string out;
    for (const InfoRow& row : kRows) {
        out.append(row.name).append(": ");
        row.render(view, out);
        out += '\n';
    }
    return out;
}

}  // namespace proxyd::admin
