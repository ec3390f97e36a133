#include "proxyd/upstream/resolver.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <map>
#include <thread>
#include <vector>

#include "common/process/helper_process.h"
#include "common/text.h"
#include "common/unique_fd.h"
#include "proxyd/upstream/health_log.h"

namespace proxyd::upstream {

namespace {

using common::process::HelperEvent;
using common::process::HelperJob;

constexpr common::Duration kFirstPause = std::chrono::seconds(1);
constexpr common::Duration kLongestPause = std::chrono::seconds(30);
constexpr std::chrono::milliseconds kJobTimeout{30'000};

// Runs in a child of the helper: may block as long as the system's resolver likes. The answer is an address,
// or the resolver's complaint.
int look_up(std::string_view name, std::string& text) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(std::string(name).c_str(), nullptr, &hints, &found);
    if (error != 0) {
        text = ::gai_strerror(error);
        return 1;
    }
    text = common::Endpoint(found->ai_addr, found->ai_addrlen).ip();
    ::freeaddrinfo(found);
    return 0;
}

constexpr std::array kTasks{common::process::HelperTask{"resolve", look_up}};

// What `init-addr last,libc,192.0.2.1,none` says; words that are neither known nor addresses have been
// refused by config/.
struct InitAddress {
    bool ask_first = false;     // "libc" before any address
    common::Endpoint fallback;  // empty: none
};

InitAddress parse_init_addr(const std::string& text) {
    InitAddress out;
    for (const std::string_view word : common::split(text, ',')) {
        if (word == "libc") out.ask_first = true;
        if (word == "none") break;
        if (auto address = common::Endpoint::from_ip(word, 0)) {
            out.fallback = *address;
            break;
        }
    }
    return out;
}

struct Pending {
    Backend& backend;
    HealthLog log;
    const ServerSettings& settings;
    state::ServerState& state;
    InitAddress init;
};

// One name and the servers that wait for it.
struct Name {
    std::vector<Pending*> servers;
    bool asked = false;
    bool answered = false;  // once, with whatever result
    common::Duration pause = kFirstPause;
    common::TimePoint next;
};

}  // namespace

struct Resolver::Impl {
    void ask(std::uint64_t id);
    void ask_due(common::TimePoint now);
    common::TimePoint earliest() const;
    void wait_for_answers(common::TimePoint until, bool (Impl::*done)() const);
    void take_answers();
    void answer(const HelperEvent& event);
    void give_address(Pending& pending, common::Endpoint address);
    bool all_answered() const;
    bool stopped() const { return stopping; }
    void run();

    std::vector<std::unique_ptr<Pending>> pending;
    std::map<std::string, Name, std::less<>> by_host;
    std::vector<Name*> names;  // by job id
    std::optional<common::process::HelperProcess> helper;
    common::UniqueFd stop_event;
    std::atomic<bool> stopping{false};
    std::thread thread;
};

void Resolver::Impl::ask(std::uint64_t id) {
    Name& name = *names[id];
    const auto host =
        std::ranges::find_if(by_host, [&name](const auto& entry) { return &entry.second == &name; });
    HelperJob job;
    job.id = id;
    job.task = "resolve";
    job.payload = host->first;
    job.timeout = kJobTimeout;
    name.asked = helper && helper->submit(job).has_value();
    name.next = common::Clock::now() + name.pause;
    if (!name.asked) name.answered = true;  // as if it had failed
}

void Resolver::Impl::ask_due(common::TimePoint now) {
    for (std::uint64_t id = 0; id < names.size(); ++id)
        if (!names[id]->servers.empty() && !names[id]->asked && names[id]->next <= now) ask(id);
}

common::TimePoint Resolver::Impl::earliest() const {
    common::TimePoint next = common::kNever;
    for (const Name* name : names)
        if (!name->servers.empty() && !name->asked) next = std::min(next, name->next);
    return next;
}

bool Resolver::Impl::all_answered() const {
    return std::ranges::all_of(names,
                               [](const Name* name) { return name->answered || name->servers.empty(); });
}

void Resolver::Impl::give_address(Pending& server, common::Endpoint address) {
    address.set_port(static_cast<std::uint16_t>(server.settings.port));
    const bool followed = server.settings.resolved_at_run_time();
    if (followed && !server.state.unresolved) return;  // its name servers were faster
    server.state.set_address(address);
    // A server with checks has to pass them first.
    if (followed) {
        server.state.unresolved = false;
    } else if (!server.settings.check.enabled) {
        server.state.health.store(state::Health::no_check, std::memory_order_relaxed);
        server.state.set_check({});
    }
    server.backend.servers_changed();
    if (server.log)
        server.log(kNotice, "Server " + server.backend.state().name + "/" + server.state.name +
                                " has the address " + address.ip() + " (" + server.settings.host + ")");
}

void Resolver::Impl::answer(const HelperEvent& event) {
    if (event.id >= names.size() || !event.final()) return;
    Name& name = *names[event.id];
    const bool first = !std::exchange(name.answered, true);
    name.asked = false;
    name.next = common::Clock::now() + name.pause;
    name.pause = std::min(name.pause * 2, kLongestPause);
    const bool good = event.kind == HelperEvent::Kind::exited && event.status == 0;
    auto address = good ? common::Endpoint::from_ip(event.text, 0) : common::fail("");
    for (Pending* server : name.servers) {
        if (address) {
            give_address(*server, *address);
        } else if (first && !server->init.fallback.empty()) {
            give_address(*server, server->init.fallback);
        } else if (first && server->log && !server->settings.resolved_at_run_time()) {
            const std::string why = event.kind == HelperEvent::Kind::exited ? event.text : event.describe();
            server->log(kAlert, "Server " + server->backend.state().name + "/" + server->state.name +
                                    " is DOWN, the name '" + server->settings.host +
                                    "' was not resolved: " + why);
        }
    }
    std::erase_if(name.servers, [&](const Pending* server) {
        return address || !server->init.fallback.empty() || server->settings.resolved_at_run_time();
    });
}

void Resolver::Impl::take_answers() {
    while (helper) {
        auto event = helper->receive();
        if (!event) {  // the helper has died: nothing will be resolved any more
            helper.reset();
            for (Name* name : names) name->asked = false, name->answered = true;
            return;
        }
        if (!*event) return;
        answer(**event);
    }
}

void Resolver::Impl::wait_for_answers(common::TimePoint until, bool (Impl::*done)() const) {
    while (!(this->*done)()) {
        const common::TimePoint now = common::Clock::now();
        ask_due(now);
        const common::TimePoint wake = std::min(until, earliest());
        if (now >= until) return;
        const auto left = wake == common::kNever ? std::chrono::milliseconds(-1)
                                                 : std::chrono::ceil<std::chrono::milliseconds>(wake - now);
        std::array<pollfd, 2> polled{
            {{helper ? helper->fd() : -1, POLLIN, 0}, {stop_event.get(), POLLIN, 0}}};
        const int timeout =
            wake == common::kNever ? -1 : static_cast<int>(std::clamp<long>(left.count(), 0, 60'000));
        ::poll(polled.data(), polled.size(), timeout);
        take_answers();
    }
}

void Resolver::Impl::run() {
    wait_for_answers(common::kNever, &Impl::stopped);
}

Resolver::Resolver() : impl_(std::make_unique<Impl>()) {}
Resolver::~Resolver() {
    stop();
}

void Resolver::add(Backend& backend, HealthLog log) {
    const BackendSettings& settings = backend.settings();
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        const ServerSettings& server = settings.servers[i];
        if (server.host.empty() || server.is_service()) continue;
        // It has one, or had one before the reload (init-addr last).
        if (!backend.state().servers[i]->address().empty()) continue;
        const InitAddress init = parse_init_addr(server.init_addr);
        if (server.resolved_at_run_time() && !init.ask_first && init.fallback.empty()) continue;
        auto& entry = impl_->pending.emplace_back(
            std::make_unique<Pending>(backend, log, server, *backend.state().servers[i], init));
        Name& name = impl_->by_host[server.host];
        if (name.servers.empty()) impl_->names.push_back(&name);
        name.servers.push_back(entry.get());
    }
}

bool Resolver::empty() const {
    return impl_->names.empty();
}

common::Result<> Resolver::resolve_first(common::Duration limit) {
    if (empty()) return {};
    auto helper = common::process::HelperProcess::start("proxyd-resolve", kTasks);
    if (!helper) return std::unexpected(helper.error());
    impl_->helper = std::move(*helper);
    impl_->stop_event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const common::TimePoint now = common::Clock::now();
    for (Name* name : impl_->names) {
        // Without "libc" there is nothing to ask for now: the address that is given, or later.
        for (Pending* server : name->servers)
            if (!server->init.ask_first && !server->init.fallback.empty())
                impl_->give_address(*server, server->init.fallback);
        std::erase_if(name->servers,
                      [](const Pending* s) { return !s->init.ask_first && !s->init.fallback.empty(); });
        const bool ask =
            std::ranges::any_of(name->servers, [](const Pending* s) { return s->init.ask_first; });
        name->answered = !ask;
        name->next = ask ? now : now + kFirstPause;
    }
    impl_->wait_for_answers(now + limit, &Impl::all_answered);
    return {};
}

void Resolver::start() {
    const bool missing =
        std::ranges::any_of(impl_->names, [](const Name* name) { return !name->servers.empty(); });
    if (!missing || impl_->thread.joinable()) return;
    impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void Resolver::stop() {
    if (impl_->thread.joinable()) {
        impl_->stopping = true;
        ::eventfd_write(impl_->stop_event.get(), 1);
        impl_->thread.join();
    }
    if (impl_->helper) {
        const pid_t pid = impl_->helper->pid();
        impl_->helper.reset();  // it leaves when we hang up
        ::waitpid(pid, nullptr, WNOHANG);
    }
}

}  // namespace proxyd::upstream
