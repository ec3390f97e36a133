#include "proxyd/upstream/prober.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "proxyd/net/worker.h"
#include "proxyd/upstream/agent.h"
#include "proxyd/upstream/health.h"
#include "proxyd/upstream/health_log.h"
#include "proxyd/upstream/http_check.h"
#include "proxyd/upstream/probe.h"
#include "proxyd/upstream/program_check.h"
#include "proxyd/upstream/program_runner.h"
#include "proxyd/upstream/proxy_header.h"
#include "proxyd/upstream/server_change.h"
#include "proxyd/upstream/server_connection.h"
#include "proxyd/upstream/slow_start.h"
#include "proxyd/upstream/state_report.h"

namespace proxyd::upstream {

namespace {

std::int64_t milliseconds(common::Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// What the checks of one backend share.
struct Group {
    Backend& backend;
    HealthLog log;
    HealthAlert alert;
    std::optional<CheckSequence> http;
};

struct Watched {
    Watched(Group& of, std::size_t index, state::ServerState& server_state)
        : group(of),
          settings(of.backend.settings().servers[index]),
          outgoing(of.backend.outgoing(index)),
          state(server_state),
          health(settings.check.rise, settings.check.fall, settings.check.init_state) {}
    Group& group;
    const ServerSettings& settings;
    const Outgoing& outgoing;
    state::ServerState& state;
    Health health;
    ProbePlan plan;
    std::shared_ptr<const net::TlsContext> tls;
    CheckStatus last = CheckStatus::unknown;
    net::Waiter* waiter = nullptr;  // of its checks, while they run
};

// Where a check goes: the server's own address and port unless `addr` and `port` say otherwise.
common::Endpoint check_address(const Watched& watched) {
    const CheckSettings& check = watched.settings.check;
    const common::Endpoint server = watched.state.address();
    common::Endpoint address = check.address.empty() ? server : check.address;
    if (check.port != 0)
        address.set_port(static_cast<std::uint16_t>(check.port));
    else if (address.is_ip() && address.port() == 0)
        address.set_port(server.port());
    return address;
}

const CheckSequence* sequence_of(const Group& group) {
    if (group.http) return &*group.http;
    const BackendSettings& backend = group.backend.settings();
    const CheckKind kind = backend.http_check.kind;
    const CheckSequence& sequence = kind == CheckKind::tcp ? backend.tcp_check : backend.protocol_check;
    const bool speaks = kind == CheckKind::tcp || kind == CheckKind::protocol;
    return speaks && !sequence.steps.empty() ? &sequence : nullptr;
}

void prepare(Watched& watched) {
    const BackendSettings& backend = watched.group.backend.settings();
    const CheckSettings& check = watched.settings.check;
    ProbePlan& plan = watched.plan;
    // TLS servers are checked with TLS, unless the check goes elsewhere.
    const bool elsewhere = check.port != 0 || !check.address.empty();
    if (check.tls || (watched.settings.tls && !elsewhere)) {
        if (auto tls = check_tls(watched.settings)) watched.tls = *tls;
        if (auto name = ServerName::compile(watched.settings.sni))
            plan.target.server_name = name->evaluate(nullptr);
        if (!check.sni.empty()) plan.target.server_name = check.sni;
    }
    plan.target.tls = watched.tls.get();
    // A check stands for no client. What such a server expects, it expects of checks as well.
    static const std::string kLocal[] = {proxy_header_v1({}, {}), proxy_header_v2({}, {})};
    const bool as_server = (watched.settings.send_proxy || watched.settings.send_proxy_v2) && !elsewhere;
    if (check.send_proxy || as_server) plan.target.proxy_header = kLocal[watched.settings.send_proxy_v2];
    plan.target.source = watched.outgoing.own();
    plan.target.outgoing = &watched.outgoing;
    if (!watched.settings.socks4.empty()) plan.socks = &watched.settings.socks4;
    if (check.via_socks) plan.target.socks = plan.socks;
    plan.sequence = sequence_of(watched.group);
    plan.backend = &watched.group.backend.state();
    plan.server = &watched.state;
    if (plan.sequence != nullptr && std::ranges::any_of(plan.sequence->steps, &CheckStep::tls) &&
        !watched.tls)
        if (auto tls = check_tls(watched.settings)) watched.tls = *tls;
    plan.step_tls = watched.tls.get();
    using Protocol = CheckSettings::Protocol;
    const bool fastcgi =
        check.protocol == Protocol::fastcgi || (check.protocol == Protocol::as_server && !elsewhere);
    if (fastcgi) plan.fastcgi = watched.settings.fastcgi.get();
    plan.connect_timeout = check.inter;
    plan.answer_timeout = backend.timeout_check;
    if (backend.timeout_check > common::Duration::zero() &&
        backend.timeout_connect > common::Duration::zero())
        plan.connect_timeout = std::min(backend.timeout_connect, check.inter);
    const bool unproven = check.init_state == InitState::down && !watched.state.address().empty();
    if (watched.state.health == state::Health::down && !unproven) watched.health.force_down();
}

state::CheckReport report_of(const Watched& watched, const CheckResult& result) {
    state::CheckReport report = watched.state.check();
    report.status = short_name(result.status);
    report.description = description(result.status);
    report.info = result.info;
    report.code = result.code;
    report.duration_ms = milliseconds(result.duration);
    report.progress = watched.health.progress();
    report.running = false;
    return report;
}

// What happened to a server, unless nothing did.
void log_change(const Watched& watched, const CheckResult& result, const ServerChange& change, int requeued) {
    if (!watched.group.log || (!change.stopped() && !change.resumed() && !change.went_down())) return;
    Backend& backend = watched.group.backend;
    const state::ProxyState& proxy = backend.state();
    ServerNews news{.backend = proxy.name, .server = watched.state.name, .is_backup = watched.state.backup};
    if (!backend.settings().log_health_checks) news.result = &result;
    news.active = proxy.usable_servers(false);
    news.backup = proxy.usable_servers(true);
    news.sessions = static_cast<int>(watched.state.sessions.now());
    news.requeued = requeued;
    news.remaining = static_cast<int>(proxy.queued.now());
    const int severity = change.went_down() && !change.resumed() ? kAlert : kNotice;
    const std::string line = change.resumed()     ? server_up_line(news)
                             : change.went_down() ? server_down_line(news)
                                                  : server_stopping_line(news);
    watched.group.log(severity, line);
    if (watched.group.alert) watched.group.alert(severity, line);
    if (change.lost_last()) watched.group.log(kEmergency, no_server_line(proxy.name));
}

// Changes the server by `apply`, tells the backend, and logs when the server has come, gone or stopped
// thereby.
template <class Apply>
void change_server(Watched& watched, const CheckResult& result, Apply apply) {
    Backend& backend = watched.group.backend;
    state::ProxyState& proxy = backend.state();
    ServerChange change(&backend, proxy, watched.state);
    apply(watched.state);
    const int requeued = change.finish();
    log_change(watched, result, change, requeued);
    change.lead_followers();
}

void apply(Watched& watched, CheckResult result) {
    // A server that is down does not come back by a 404 (http-check disable-on-404).
    if (result.status == CheckStatus::l7_conditional && !watched.health.up())
        result.status = CheckStatus::l7_wrong_status;
    const Health::Outcome outcome = passed(result.status) ? watched.health.passed() : watched.health.failed();
    state::CheckReport report = report_of(watched, result);
    if (!passed(result.status) && outcome.moved) ++report.failures;
    if (outcome.change == Health::Change::went_down) ++report.transitions;
    watched.state.set_check(std::move(report));
    const bool news = outcome.moved || watched.last != result.status;
    watched.last = result.status;
    if (news && watched.group.backend.settings().log_health_checks && watched.group.log) {
        const ServerNews about{.backend = watched.group.backend.state().name,
                               .server = watched.state.name,
                               .is_backup = watched.state.backup};
        const std::string line = check_line(about, result, watched.health.text(watched.state.weight == 0));
        watched.group.log(kNotice, line);
        if (watched.group.alert) watched.group.alert(kInformational, line);
    }
    const bool stopping = result.status == CheckStatus::l7_conditional;
    if (outcome.change == Health::Change::none && stopping == watched.state.stopping) return;
    change_server(watched, result, [&](state::ServerState& server) {
        if (outcome.change != Health::Change::none)
            server.health.store(watched.health.up() ? state::Health::up : state::Health::down,
                                std::memory_order_relaxed);
        server.stopping.store(stopping, std::memory_order_relaxed);
    });
}

// What the agent says. A word that is missing changes nothing, nor does an agent that does not answer.
void apply_agent(Watched& watched, AgentReply reply) {
    const AgentWords words = parse_agent_words(reply.line);
    if (reply.result.status == CheckStatus::unknown) {
        reply.result.status = !words.up   ? CheckStatus::no_change
                              : *words.up ? CheckStatus::l7_ok
                                          : CheckStatus::l7_wrong_status;
        if (words.up) reply.result.info = "via agent : " + words.text;
        if (!words.up && !words.error.empty()) reply.result.info = "agent reports an error : " + words.error;
    }
    state::CheckReport report = watched.state.agent_check();
    report.status = short_name(reply.result.status);
    report.description = description(reply.result.status);
    report.info = reply.result.info;
    report.duration_ms = milliseconds(reply.result.duration);
    if (words.up == false && !watched.state.agent_down) ++report.failures;
    watched.state.set_agent_check(std::move(report));
    if (words.admin) {
        const HealthLog& log = watched.group.log;
        set_admin_state(&watched.group.backend, watched.group.backend.state(), watched.state, *words.admin,
                        [&log](int severity, const std::string& text) {
                            if (log) log(severity, text);
                        });
    }
    change_server(watched, reply.result, [&](state::ServerState& server) {
        const int initial = watched.settings.weight;
        if (words.weight_percent) server.weight = std::min(256, (initial * *words.weight_percent + 99) / 100);
        if (words.weight) server.weight = *words.weight;
        if (words.maxconn) server.maxconn = *words.maxconn;
        if (words.up) server.agent_down = !*words.up;
    });
}

// Too many errors in the traffic (observe).
void apply_suspicion(Watched& watched, const std::string& text) {
    switch (watched.settings.on_error) {
        case OnError::fastinter:
            return;
        case OnError::fail_check:
            break;
        case OnError::sudden_death:
            watched.health.weaken(1);
            break;
        case OnError::mark_down:
            watched.health.weaken(0);
            break;
    }
    apply(watched, {CheckStatus::analyzed, 0, text});
}

}  // namespace

struct Prober::Impl {
    explicit Impl(const CheckSpread& of) : spread(of) {}

    // The life of one server's checks. `first`: when the first one is due.
    net::Task<> watch(Watched& watched, common::Duration first);
    net::Task<> watch_agent(Watched& watched, common::Duration first);
    // Gives servers in their slow start what they may have by now.
    net::Task<> warm(Backend& backend);
    void suspect(Watched& watched, std::string text);
    net::Task<CheckResult> run_program(net::Waiter& waiter, Watched& watched);
    common::Duration varied(common::Duration interval);

    CheckSpread spread;
    std::minstd_rand random{std::random_device{}()};
    std::vector<std::unique_ptr<Group>> groups;
    std::vector<std::unique_ptr<Watched>> servers, agents;
    std::vector<Backend*> warming;
    ProgramRunner programs;
    std::unique_ptr<net::Worker> worker;
    std::thread thread;
};

common::Duration Prober::Impl::varied(common::Duration interval) {
    if (spread.percent <= 0) return interval;
    const common::Duration::rep range = interval.count() * spread.percent / 100;
    return interval +
           common::Duration(std::uniform_int_distribution<common::Duration::rep>(-range, range)(random));
}

net::Task<> Prober::Impl::watch(Watched& watched, common::Duration first) {
    net::Waiter waiter(*worker);
    prepare(watched);
    watched.waiter = &waiter;
    common::TimePoint next = worker->now() + first;
    for (;;) {
        const net::Waiter::Bits bits = co_await waiter.wait(net::Waiter::kMail, next);
        if ((bits & net::Waiter::kMail) != 0) {  // suspected: the next check comes soon
            const CheckSettings& check = watched.settings.check;
            const bool fast = check.fastinter > common::Duration::zero();
            next = std::min(next, worker->now() + (fast ? check.fastinter : check.inter));
            continue;
        }
        watched.plan.target.address = check_address(watched);
        const bool unresolved = watched.plan.target.address.empty();
        const bool by_program = watched.group.backend.settings().http_check.kind == CheckKind::program;
        if (!unresolved && !watched.state.in_maintenance() && by_program) {
            const CheckResult result = co_await run_program(waiter, watched);
            apply(watched, result);
        } else if (!unresolved && !watched.state.in_maintenance()) {
            const HttpCheckSettings& http = watched.group.backend.settings().http_check;
            if (http.send_state)
                watched.plan.state =
                    state_report(watched.group.backend.state(), watched.state, watched.health, http.node);
            const CheckResult result = co_await probe(waiter, watched.plan);
            apply(watched, result);
        }
        next = worker->now() + varied(watched.health.interval(watched.settings.check));
    }
}

net::Task<> Prober::Impl::watch_agent(Watched& watched, common::Duration first) {
    net::Waiter waiter(*worker);
    const AgentSettings& agent = watched.settings.agent;
    AgentPlan plan;
    plan.send = agent.send;
    plan.timeout = agent.inter;
    plan.target.source = watched.outgoing.own();
    plan.target.outgoing = &watched.outgoing;
    common::TimePoint next = worker->now() + first;
    for (;;) {
        co_await waiter.wait(0, next);
        plan.target.address = agent.address.empty() ? watched.state.address() : agent.address;
        if (!plan.target.address.empty()) {
            plan.target.address.set_port(static_cast<std::uint16_t>(agent.port));
            AgentReply reply = co_await ask_agent(waiter, plan);
            apply_agent(watched, std::move(reply));
        }
        next = worker->now() + varied(agent.inter);
    }
}

void Prober::Impl::suspect(Watched& watched, std::string text) {
    if (!worker) return;
    worker->post([&watched, what = std::move(text)] {
        apply_suspicion(watched, what);
        if (watched.waiter != nullptr) watched.waiter->set(net::Waiter::kMail);
    });
}

net::Task<CheckResult> Prober::Impl::run_program(net::Waiter& waiter, Watched& watched) {
    struct Answer {
        net::Waiter* waiter;
        std::optional<ProgramResult> result;
    };
    const common::TimePoint start = common::Clock::now();
    const auto answer = std::make_shared<Answer>(&waiter);
    programs.run(program_job(watched.group.backend.settings(), watched.settings, watched.state,
                             watched.plan.target.address),
                 [answer, worker = worker.get()](ProgramResult result) {
                     worker->post([answer, result = std::move(result)] {
                         answer->result = result;
                         answer->waiter->set(net::Waiter::kMail);
                     });
                 });
    // Other mail may come first: a suspicion.
    while (!answer->result) co_await waiter.wait(net::Waiter::kMail, common::kNever);
    CheckResult result = judge_program(*answer->result);
    result.duration = common::Clock::now() - start;
    co_return result;
}

net::Task<> Prober::Impl::warm(Backend& backend) {
    net::Waiter waiter(*worker);
    const auto& servers_of = backend.state().servers;
    bool before = false;
    for (;;) {
        co_await waiter.wait(0, worker->now() + std::chrono::seconds(1));
        const bool now = std::ranges::any_of(
            servers_of, [](const auto& server) { return server->warming_since_ms.load() != 0; });
        if (now || before) backend.servers_changed();
        before = now;
        const std::int64_t wall = worker->wall_us() / 1000;
        for (const auto& server : servers_of) {
            const ServerSettings& settings = backend.settings().servers[server->index];
            if (warmth(settings, *server, wall) == 16) server->warming_since_ms.store(0);
        }
    }
}

Prober::Prober(CheckSpread spread) : impl_(std::make_unique<Impl>(spread)) {}
Prober::~Prober() {
    stop();
}

bool Prober::empty() const {
    return impl_->servers.empty() && impl_->agents.empty() && impl_->warming.empty();
}

void Prober::add(Backend& backend, HealthLog log, HealthAlert alert) {
    const BackendSettings& settings = backend.settings();
    auto group = std::make_unique<Group>(backend, std::move(log), std::move(alert), std::nullopt);
    if (settings.http_check.kind == CheckKind::http) group->http = http_sequence(settings.http_check);
    std::vector<Watched*> by_server(settings.servers.size(), nullptr);
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        const ServerSettings& server = settings.servers[i];
        state::ServerState& state = *backend.state().servers[i];
        if (server.check.enabled) {
            impl_->servers.push_back(std::make_unique<Watched>(*group, i, state));
            by_server[i] = impl_->servers.back().get();
        }
        if (server.agent.enabled) impl_->agents.push_back(std::make_unique<Watched>(*group, i, state));
    }
    if (std::ranges::any_of(settings.servers, [](const ServerSettings& server) {
            return server.slowstart > common::Duration::zero();
        }))
        impl_->warming.push_back(&backend);
    backend.on_suspicion(
        [impl = impl_.get(), all = std::move(by_server)](std::size_t server, std::string text) {
            if (all[server] != nullptr) impl->suspect(*all[server], std::move(text));
        });
    impl_->groups.push_back(std::move(group));
}

common::Result<> Prober::fork_helper() {
    const bool needed = std::ranges::any_of(impl_->servers, [](const auto& watched) {
        return watched->group.backend.settings().http_check.kind == CheckKind::program;
    });
    return needed ? impl_->programs.fork_helper() : common::Result<>{};
}

void Prober::start() {
    if (empty() || impl_->thread.joinable()) return;
    impl_->programs.start();
    impl_->worker = std::make_unique<net::Worker>(net::WorkerSettings{.buffer_size = 4096});
    common::Duration shortest = common::Duration::max();
    for (const auto& watched : impl_->servers) shortest = std::min(shortest, watched->settings.check.inter);
    for (const auto& watched : impl_->agents) shortest = std::min(shortest, watched->settings.agent.inter);
    if (impl_->spread.longest_start > common::Duration::zero())
        shortest = std::min(shortest, impl_->spread.longest_start);
    impl_->worker->post([impl = impl_.get(), shortest] {
        const auto spread = [shortest](std::size_t i, const auto& all) {
            return shortest * static_cast<common::Duration::rep>(i) /
                   static_cast<common::Duration::rep>(all.size());
        };
        const auto run = [impl](net::Task<> task) {
            boost::asio::co_spawn(impl->worker->executor(), std::move(task), boost::asio::detached);
        };
        for (std::size_t i = 0; i < impl->servers.size(); ++i)
            run(impl->watch(*impl->servers[i], spread(i, impl->servers)));
        for (std::size_t i = 0; i < impl->agents.size(); ++i)
            run(impl->watch_agent(*impl->agents[i], spread(i, impl->agents)));
        for (Backend* backend : impl->warming) run(impl->warm(*backend));
    });
    impl_->thread = std::thread([worker = impl_->worker.get()] { worker->run(); });
}

void Prober::stop() {
    impl_->programs.stop();
    if (!impl_->thread.joinable()) return;
    impl_->worker->stop();
    impl_->thread.join();
}

}  // namespace proxyd::upstream
