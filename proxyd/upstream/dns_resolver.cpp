#include "proxyd/upstream/dns_resolver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <map>
#include <thread>
#include <vector>

#include "common/process/signals.h"
#include "common/unique_fd.h"
#include "proxyd/upstream/dns_question.h"
#include "proxyd/upstream/resolved_servers.h"

namespace proxyd::upstream {

namespace {

constexpr std::size_t kLargestDatagram = 65535;

// A `resolvers` section at work.
struct Section {
    explicit Section(const ResolversSettings& section) : settings(section) {}
    const ResolversSettings& settings;
    std::vector<common::UniqueFd> sockets;  // by name server; empty ones could not be opened
};

// A name, and who wants to know.
struct Entry {
    Entry(Section& of, std::string name, DnsType first, common::TimePoint start)
        : section(of), question(of.settings, std::move(name), first, start), held(of.settings.hold, start) {}
    Section& section;
    DnsQuestion question;
    HeldAnswer held;
    std::uint16_t id = 0;
    std::vector<ResolvedServer*> servers;
};

// Not to be guessed by those who would like to answer in the name server's place.
std::uint16_t random_id() {
    std::uint16_t id = 0;
    if (::getrandom(&id, sizeof id, GRND_NONBLOCK) != sizeof id) id = static_cast<std::uint16_t>(::random());
    return id;
}

common::UniqueFd connect_to(const common::Endpoint& nameserver) {
    common::UniqueFd fd(::socket(nameserver.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd && ::connect(fd.get(), nameserver.data(), nameserver.size()) != 0) fd.reset();
    return fd;
}

std::string_view cause_of(DnsStatus status) {
    switch (status) {
        case DnsStatus::nx:
            return "DNS NX status";
        case DnsStatus::timeout:
            return "DNS timeout status";
        case DnsStatus::refused:
            return "DNS refused status";
        default:
            return "unspecified DNS error";
    }
}

}  // namespace

struct DnsResolver::Impl {
    Section& section_of(const ResolversSettings& settings);
    Entry& entry_of(Section& section, const std::string& name, DnsType first);
    void run();
    void act(Entry& entry, DnsQuestion::Action action, const DnsAnswer& answer, std::size_t nameserver);
    void send(Entry& entry);
    void receive(Section& section, std::size_t nameserver);
    void hand_out(Entry& entry, const DnsAnswer& answer, std::size_t nameserver);
    void follow_targets(Entry& entry);
    void wait(common::TimePoint until);

    std::map<const ResolversSettings*, std::unique_ptr<Section>> sections;
    std::list<Entry> entries;  // stable: answers add some
    ResolvedServers servers;
    common::UniqueFd stop_event;
    std::atomic<bool> stopping{false};
    std::thread thread;
};

Section& DnsResolver::Impl::section_of(const ResolversSettings& settings) {
    auto& section = sections[&settings];
    if (!section) section = std::make_unique<Section>(settings);
    return *section;
}

Entry& DnsResolver::Impl::entry_of(Section& section, const std::string& name, DnsType first) {
    for (Entry& entry : entries)
        if (&entry.section == &section && entry.question.name() == name && entry.question.first() == first)
            return entry;
    return entries.emplace_back(section, name, first, common::Clock::now());
}

void DnsResolver::Impl::send(Entry& entry) {
    entry.id = random_id();
    const ResolversSettings& settings = entry.section.settings;
    const auto query = make_dns_query(entry.id, entry.question.name(), entry.question.type(),
                                      static_cast<std::uint16_t>(settings.payload_size));
    if (!query) return;  // no host name: nobody will answer
    for (std::size_t i = 0; i < entry.section.sockets.size(); ++i) {
        common::UniqueFd& fd = entry.section.sockets[i];
        if (!fd) fd = connect_to(settings.nameservers[i].address);
        // What cannot be sent is not answered: the timeout covers it.
        if (fd) (void)::send(fd.get(), query->data(), query->size(), MSG_NOSIGNAL);
    }
}

void DnsResolver::Impl::receive(Section& section, std::size_t nameserver) {
    static thread_local std::array<char, kLargestDatagram> buffer;
    for (;;) {
        const ssize_t size = ::recv(section.sockets[nameserver].get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == ECONNREFUSED)
            continue;  // it was told once; the next call says what is there
        if (size < 0) return;
        const std::string_view message(buffer.data(), static_cast<std::size_t>(size));
        for (Entry& entry : entries) {
            if (&entry.section != &section || !entry.question.running()) continue;
            const auto answer =
                parse_dns_answer(message, entry.id, entry.question.name(), entry.question.type());
            if (!answer) continue;
            act(entry, entry.question.received(*answer, common::Clock::now()), *answer, nameserver);
            break;
        }
    }
}

void DnsResolver::Impl::act(Entry& entry, DnsQuestion::Action action, const DnsAnswer& answer,
                            std::size_t nameserver) {
    if (action == DnsQuestion::Action::send) send(entry);
    if (action == DnsQuestion::Action::over) hand_out(entry, answer, nameserver);
}

void DnsResolver::Impl::hand_out(Entry& entry, const DnsAnswer& answer, std::size_t nameserver) {
    const common::TimePoint now = common::Clock::now();
    if (entry.question.status() != DnsStatus::valid) {
        if (!entry.held.lapsed(entry.question.status(), now)) return;
        for (ResolvedServer* server : entry.servers)
            servers.give_up(*server, cause_of(entry.question.status()));
        return;
    }
    entry.held.take(answer, now);
    if (entry.question.type() == DnsType::srv) {
        servers.take_services(entry.servers, entry.held.services());
        follow_targets(entry);
        return;
    }
    const ResolversSettings& settings = entry.section.settings;
    const std::string by = settings.name + "/" + settings.nameservers[nameserver].name;
    for (ResolvedServer* server : entry.servers) servers.take_addresses(*server, entry.held.addresses(), by);
}

// Targets of SRV records whose addresses did not come along have questions of their own.
void DnsResolver::Impl::follow_targets(Entry& entry) {
    for (ResolvedServer* server : entry.servers) {
        const DnsType first = server->settings.resolve.family == AF_INET ? DnsType::a : DnsType::aaaa;
        for (Entry& other : entries)
            if (&other != &entry && (!server->own_question || other.question.name() != server->target))
                std::erase(other.servers, server);
        if (!server->own_question || server->target.empty()) continue;
        Entry& own = entry_of(entry.section, server->target, first);
        if (std::ranges::find(own.servers, server) == own.servers.end()) own.servers.push_back(server);
    }
}

void DnsResolver::Impl::wait(common::TimePoint until) {
    std::vector<pollfd> polled{{stop_event.get(), POLLIN, 0}};
    std::vector<std::pair<Section*, std::size_t>> owners;
    for (const auto& [settings, section] : sections)
        for (std::size_t i = 0; i < section->sockets.size(); ++i)
            if (section->sockets[i]) {
                polled.push_back({section->sockets[i].get(), POLLIN, 0});
                owners.emplace_back(section.get(), i);
            }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - common::Clock::now()).count();
    ::poll(polled.data(), polled.size(), static_cast<int>(std::clamp<long>(left, 0, 60'000)));
    for (std::size_t i = 0; i < owners.size(); ++i)
        if (polled[i + 1].revents != 0) receive(*owners[i].first, owners[i].second);
}

void DnsResolver::Impl::run() {
    while (!stopping) {
        const common::TimePoint now = common::Clock::now();
        common::TimePoint next = now + std::chrono::seconds(60);
        for (Entry& entry : entries) {
            if (entry.servers.empty()) continue;
            act(entry, entry.question.tick(now), {}, 0);
            next = std::min(next, entry.question.wake());
        }
        wait(next);
    }
}

DnsResolver::DnsResolver() : impl_(std::make_unique<Impl>()) {}
DnsResolver::~DnsResolver() {
    stop();
}

void DnsResolver::add(Backend& backend, const HealthLog& log) {
    const BackendSettings& settings = backend.settings();
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        const ServerSettings& server = settings.servers[i];
        if (!server.resolved_at_run_time()) continue;
        Section& section = impl_->section_of(*server.resolvers);
        section.sockets.resize(server.resolvers->nameservers.size());
        const DnsType first = server.is_service()                ? DnsType::srv
                              : server.resolve.family == AF_INET ? DnsType::a
                                                                 : DnsType::aaaa;
        impl_->entry_of(section, server.host, first)
            .servers.push_back(&impl_->servers.add(backend, log, server, *backend.state().servers[i]));
    }
}

bool DnsResolver::empty() const {
    return impl_->entries.empty();
}

void DnsResolver::start() {
    if (empty() || impl_->thread.joinable()) return;
    impl_->stop_event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    impl_->thread = common::process::start_thread("resolvers", [impl = impl_.get()] { impl->run(); });
}

void DnsResolver::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    ::eventfd_write(impl_->stop_event.get(), 1);
    impl_->thread.join();
}

}  // namespace proxyd::upstream
