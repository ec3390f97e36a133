#include "proxyd/main/instance.h"
#include "proxyd/main/followers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "common/process/signals.h"
#include "proxyd/admin/cli_server.h"
#include "proxyd/admin/view.h"
#include "proxyd/main/build_state.h"
#include "proxyd/main/getsocks.h"
#include "proxyd/main/plan.h"
#include "proxyd/main/process_settings.h"
#include "proxyd/main/server_report.h"
#include "proxyd/net/worker.h"
#include "proxyd/observe/log_forwarder.h"
#include "proxyd/observe/log_hub.h"
#include "proxyd/observe/mail_sender.h"
#include "proxyd/observe/ring_forwarder.h"
#include "proxyd/peers/peers.h"
#include "proxyd/session/entrance.h"
#include "proxyd/session/runtime.h"
#include "proxyd/upstream/dns_resolver.h"
#include "proxyd/upstream/prober.h"
#include "proxyd/upstream/resolver.h"

namespace proxyd::main {

namespace {

constexpr auto kHandOverPatience = std::chrono::seconds(2);

}  // namespace

// In the order in which the parts need one another; destroyed the other way round, after stop().
struct Instance::Impl {
    InstanceSettings settings;
    ListeningSockets sockets;      // moved to the entrances by start()
    std::vector<int> descriptors;  // their numbers, while they are open
    std::mutex descriptors_mutex;  // the command server hands them over
    std::vector<int> backends;     // by index of the board
    std::unique_ptr<state::SharedState> state;
    std::unique_ptr<observe::LogHub> hub;
    observe::RingForwarder rings;
    std::unique_ptr<observe::LogForwarder> forwarder;
    std::unique_ptr<observe::AccessLog> own_log;
    std::shared_ptr<net::TicketKeys> ticket_keys;
    std::vector<std::unique_ptr<net::Worker>> workers;
    session::Runtime runtime;  // its backends keep idle connections that belong to the workers
    std::vector<std::unique_ptr<session::Entrance>> entrances;
    observe::MailSender mail;
    upstream::Resolver resolver;
    upstream::DnsResolver dns;
    std::unique_ptr<upstream::Prober> prober;
    peers::Peers peers;
    std::unique_ptr<admin::CliServer> commands;
    std::vector<std::thread> threads;
    std::atomic<int> open_entrances{0};  // after soft_stop: workers that may still accept

    common::Result<> build();
    common::Result<> open_logs();
    common::Result<std::unique_ptr<observe::AccessLog>> open_log(const observe::LogSettings& log);
    void build_backends();
    void build_workers();
    void wake_sessions();
    void build_admin();
    void open_doors();
    std::vector<int> current_descriptors();
    // Runs a function with every entrance, on its worker's thread.
    template <class Function>
    void at_entrances(Function function);
};

common::Result<std::unique_ptr<observe::AccessLog>> Instance::Impl::open_log(
    const observe::LogSettings& log) {
    if (log.targets.empty()) return nullptr;
    for (const observe::LogTarget& target : log.targets) {
        if (auto opened = hub->open(target); !opened) return std::unexpected(opened.error());
    }
    return std::make_unique<observe::AccessLog>(log, *hub);
}

common::Result<> Instance::Impl::open_logs() {
    hub = std::make_unique<observe::LogHub>(settings.workers, &state->process);
    for (const auto& ring : settings.model->rings) hub->add_ring(ring);
    for (const auto& ring : hub->rings())
        if (auto added = rings.add(*ring); !added) return added;
    forwarder = std::make_unique<observe::LogForwarder>(*hub);
    for (const auto& section : settings.model->log_forwards)
        if (auto added = forwarder->add(section); !added) return added;
    for (const auto& proxy : settings.model->proxies) {
        auto log = open_log(proxy->log);
        if (!log) return std::unexpected(log.error());
        runtime.logs.push_back(std::move(*log));
    }
    for (const auto& app : settings.model->apps) {
        auto log = open_log(app.errors);
        if (!log) return std::unexpected(log.error());
        runtime.app_logs.push_back(std::move(*log));
    }
    auto log = open_log(settings.model->global.log);
    if (!log) return std::unexpected(log.error());
    own_log = std::move(*log);
    return {};
}

void Instance::Impl::build_backends() {
    const config::Model& model = *settings.model;
    for (std::size_t i = 0; i < model.proxies.size(); ++i) {
        const session::ProxySettings& proxy = *model.proxies[i];
        auto& backend = runtime.backends.emplace_back();
        if (!proxy.is_backend) continue;
        backend = std::make_unique<upstream::Backend>(proxy.upstream, *state->proxies[i], settings.workers);
        if (proxy.disabled) continue;
        const upstream::HealthLog log = [this, i](int severity, std::string_view text) {
            if (runtime.logs[i]) runtime.logs[i]->message(severity, text);
        };
        resolver.add(*backend, log);
        dns.add(*backend, log);
        upstream::HealthAlert alert;
        if (const observe::MailAlert* to = model.mail_alerts[i].get())
            alert = [this, to](int level, std::string_view text) { mail.send(*to, level, text); };
        prober->add(*backend, log, std::move(alert));
    }
}

void Instance::Impl::build_workers() {
    for (int i = 0; i < settings.workers; ++i) {
        net::WorkerSettings worker;
        worker.index = i;
        worker.buffer_size = settings.model->global.buffer_size;
        worker.most_pipes = static_cast<std::size_t>(settings.pipes);
        worker.pipe_size = settings.model->global.pipe_size;
        worker.busy = settings.model->global.busy_polling;
        worker.heartbeat = &settings.board->worker(i);
        workers.push_back(std::make_unique<net::Worker>(worker));
        entrances.push_back(std::make_unique<session::Entrance>(runtime, *workers.back()));
        runtime.entrances.push_back(entrances.back().get());
    }
}

void Instance::Impl::wake_sessions() {
    for (const auto& worker : workers) worker->post([w = worker.get()] { w->broadcast(net::Waiter::kMail); });
}

void Instance::Impl::build_admin() {
    const config::Global& global = settings.model->global;
    admin::View view;
    view.model = settings.model.get();
    view.runtime = &runtime;
    view.keeper_role = [board = settings.board] { return board->role(); };
    view.logs = hub.get();
    view.peers = [this] { return peers.view(); };
    view.resolvers = [this] { return dns.view(); };
    view.hand_over_sockets = [this](int connection) {
        (void)serve_sockets(connection, current_descriptors(), kHandOverPatience);
    };
    runtime.stats = admin::make_stats_service(view);
    runtime.metrics = admin::make_metrics_service(view);
    commands =
        std::make_unique<admin::CliServer>(std::move(view), global.stats_timeout, global.stats_maxconn);
    for (std::size_t i = 0; i < sockets.stats.size(); ++i) {
        const config::StatsSocket& socket = global.stats_sockets[i];
        commands->add({std::move(sockets.stats[i]), name_of(socket), socket.level, socket.expose_listeners});
    }
    sockets.stats.clear();
}

namespace {

void set_http(const config::Global& global, session::Runtime& runtime) {
    runtime.longest_logged_line = static_cast<std::size_t>(global.longest_logged_line);
    runtime.heads.payload_with_any_method = global.payload_with_any_method;
    runtime.heads.trust_odd_coding = global.trust_odd_coding;
    runtime.spelling = global.case_map_of_file.empty() ? &global.case_map : &global.case_map_of_file;
}

}  // namespace

common::Result<> Instance::Impl::build() {
    const config::Model& model = *settings.model;
    state = build_state(model, settings.workers);
    if (auto opened = open_logs(); !opened) return opened;
    ticket_keys = std::make_shared<net::TicketKeys>();
    ticket_keys->import_keys(settings.ticket_keys);
    auto tls = build_tls(model, ticket_keys);
    if (!tls) return std::unexpected(tls.error());
    runtime.proxies = &model.proxies;
    runtime.model = settings.model;
    runtime.state = state.get();
    runtime.tls = std::move(*tls);
    runtime.maxconn = settings.maxconn;
    runtime.max_headers = static_cast<std::size_t>(model.global.max_headers);
    runtime.max_rewrite = model.global.max_rewrite;
    for (const auto& section : model.peers)
        if (auto added = peers.add(*section, *state); !added) return added;
    for (const auto& section : model.resolvers) dns.add(*section);
    if (!model.catalogue->resolvers.empty()) {
        dns.expect_questions();
        runtime.names = &dns;
    }
    set_http(model.global, runtime);
    runtime.limits = model.global.limits;
    runtime.close_spread = model.global.close_spread;
    http::set_compression_effort(model.global.compression);
    build_backends();
    connect_followers(model, runtime);
    if (auto forked = prober->fork_helper(); !forked) return forked;
    build_workers();
    for (const auto& backend : runtime.backends)
        if (backend) backend->on_eviction([this] { wake_sessions(); });
    descriptors = descriptors_of(sockets);
    backends = backend_indexes(model);
    build_admin();
    return resolver.resolve_first();
}

void Instance::Impl::open_doors() {
    for (ListeningGroup& group : sockets.groups) {
        for (std::size_t i = 0; i < group.sockets.size(); ++i) {
            entrances[i % entrances.size()]->open(group.proxy, group.bind, std::move(group.sockets[i]));
        }
        state::ProxyState& proxy = *state->proxies[static_cast<std::size_t>(group.proxy)];
        proxy.listeners[static_cast<std::size_t>(group.bind)]->listening = true;
    }
    sockets.groups.clear();
}

std::vector<int> Instance::Impl::current_descriptors() {
    const std::lock_guard lock(descriptors_mutex);
    return descriptors;
}

template <class Function>
void Instance::Impl::at_entrances(Function function) {
    for (std::size_t i = 0; i < workers.size(); ++i) {
        workers[i]->post([function, entrance = entrances[i].get()] { function(*entrance); });
    }
}

common::Result<std::unique_ptr<Instance>> Instance::create(InstanceSettings settings,
                                                           ListeningSockets sockets) {
    auto impl = std::make_unique<Impl>();
    impl->settings = std::move(settings);
    impl->sockets = std::move(sockets);
    const config::Global& global = impl->settings.model->global;
    impl->prober = std::make_unique<upstream::Prober>(
        upstream::CheckSpread{global.spread_checks, global.max_spread_checks});
    if (auto built = impl->build(); !built) return std::unexpected(built.error());
    return std::unique_ptr<Instance>(new Instance(std::move(impl)));
}

Instance::Instance(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Instance::~Instance() {
    stop();
}

void Instance::start() {
    impl_->open_doors();
    for (const auto& worker : impl_->workers) {
        impl_->threads.push_back(common::process::start_thread(
            "worker " + std::to_string(worker->index() + 1),
            [w = worker.get(), cpus = cpus_of_worker(impl_->settings.model->global, worker->index())] {
                bind_this_thread(cpus);
                w->run();
            }));
    }
    impl_->resolver.start();
    impl_->dns.start();
    if (std::ranges::any_of(impl_->settings.model->mail_alerts, [](const auto& to) { return to != nullptr; }))
        impl_->mail.start();
    impl_->prober->start();
    impl_->peers.start();
    impl_->rings.start();
    impl_->forwarder->start();
    if (!impl_->commands->empty()) impl_->commands->start();
    refresh_board();
}

void Instance::soft_stop() {
    impl_->runtime.stopping_since_ms = admin::monotonic_ms();
    impl_->runtime.stopping = true;
    impl_->state->process.stopping = true;
    {
        const std::lock_guard lock(impl_->descriptors_mutex);
        impl_->descriptors.clear();
    }
    const int proxies = static_cast<int>(impl_->settings.model->proxies.size());
    impl_->open_entrances = static_cast<int>(impl_->workers.size());
    impl_->at_entrances([proxies, open = &impl_->open_entrances](session::Entrance& entrance) {
        for (int i = 0; i < proxies; ++i) entrance.close(i);
        open->fetch_sub(1);
    });
    for (const auto& proxy : impl_->state->proxies) {
        proxy->stopping = true;
        for (const auto& listener : proxy->listeners) listener->listening = false;
    }
    impl_->peers.hand_over();
    impl_->forwarder->close_doors();
}

void Instance::close_idle(int one_of) {
    impl_->at_entrances([one_of](session::Entrance& entrance) { entrance.stop(one_of); });
}

void Instance::stop() {
    impl_->commands->stop();
    impl_->peers.stop();
    impl_->forwarder->stop();
    impl_->rings.stop();
    impl_->prober->stop();
    impl_->mail.stop();
    impl_->resolver.stop();
    impl_->dns.stop();
    for (const auto& worker : impl_->workers) worker->stop();
    for (std::thread& thread : impl_->threads) thread.join();
    impl_->threads.clear();
}

std::int64_t Instance::connections() const {
    // In this order: a worker counts what it accepts before it says that it accepts no more.
    const int open = impl_->open_entrances.load();
    return open + impl_->state->process.connections.now() + (impl_->peers.handing_over() ? 1 : 0);
}

void Instance::refresh_board() {
    admin::HealthBoard& board = *impl_->settings.board;
    std::uint32_t up = 0, total = 0;
    for (const auto& proxy : impl_->state->proxies) {
        for (const auto& listener : proxy->listeners) {
            ++total;
            up += listener->listening.load(std::memory_order_relaxed);
        }
    }
    board.listeners_up.store(up, std::memory_order_relaxed);
    board.listeners_total.store(total, std::memory_order_relaxed);
    for (std::size_t i = 0; i < impl_->backends.size(); ++i) {
        const state::ProxyState& proxy = *impl_->state->proxies[static_cast<std::size_t>(impl_->backends[i])];
        const auto usable =
            std::ranges::count_if(proxy.servers, [](const auto& server) { return server->usable(); });
        board.backend(i).usable.store(static_cast<std::uint32_t>(usable), std::memory_order_relaxed);
        board.backend(i).total.store(static_cast<std::uint32_t>(proxy.servers.size()),
                                     std::memory_order_relaxed);
    }
}

common::Result<> Instance::reopen_logs() {
    return impl_->hub->reopen_files();
}

void Instance::log_message(int severity, std::string_view text) {
    if (impl_->own_log) impl_->own_log->message(severity, text);
}

std::vector<std::string> Instance::server_report() const {
    return main::server_report(*impl_->settings.model, *impl_->state);
}

std::vector<std::string> Instance::closing_report() const {
    return main::closing_report(*impl_->settings.model, *impl_->state);
}

TicketKeyList Instance::ticket_keys() const {
    return impl_->ticket_keys->export_keys();
}

std::vector<int> Instance::listening_descriptors() const {
    return impl_->current_descriptors();
}

}  // namespace proxyd::main
