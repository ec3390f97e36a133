#include "proxyd/upstream/dns_resolver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/process/signals.h"
#include "common/text.h"
#include "common/unique_fd.h"
#include "proxyd/upstream/dns_channel.h"
#include "proxyd/upstream/dns_question.h"
#include "proxyd/upstream/name_memory.h"
#include "proxyd/upstream/resolved_servers.h"

namespace proxyd::upstream {

namespace {

constexpr auto kLongestSleep = std::chrono::seconds(60);
// Clients choose names: beyond that many at a time nobody is asked. Each has an id of 16 bits.
constexpr std::size_t kMostAsked = 16384;
constexpr auto kTidyEvery = std::chrono::seconds(1);

using Answer = std::function<void(const common::Endpoint&)>;
struct Entry;

// A `resolvers` section at work.
struct Section {
    explicit Section(const ResolversSettings& section) : settings(section) {
        for (const auto& server : section.nameservers) channels.emplace_back(server, section.payload_size);
    }
    const ResolversSettings& settings;
    std::list<DnsChannel> channels;                     // one per name server
    std::unordered_map<std::uint16_t, Entry*> awaited;  // by the id of the query
};

// A name, and who wants to know: servers, for ever; or rules, once.
struct Entry {
    Entry(Section& of, std::string name, DnsType first, common::TimePoint start)
        : section(of), question(of.settings, std::move(name), first, start), held(of.settings.hold, start) {}
    ~Entry() { section.awaited.erase(id); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    bool wanted() const { return !servers.empty() || !answers.empty(); }

    Section& section;
    DnsQuestion question;
    HeldAnswer held;
    std::uint16_t id = 0;
    std::vector<ResolvedServer*> servers;
    std::vector<Answer> answers;
    NameKey key;  // of the rules' question
};

// Not to be guessed by those who would like to answer in the name server's place.
std::uint16_t random_id() {
    std::uint16_t id = 0;
    if (::getrandom(&id, sizeof id, GRND_NONBLOCK) != sizeof id) id = static_cast<std::uint16_t>(::random());
    return id;
}

DnsType type_of(int family) {
    return family == AF_INET ? DnsType::a : DnsType::aaaa;
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

void count_answer(DnsCounters& counters, const DnsAnswer& answer) {
    switch (answer.status) {
        case DnsStatus::valid:
            ++counters.valid;
            break;
        case DnsStatus::nx:
            ++counters.unknown_names;
            break;
        case DnsStatus::refused:
            ++counters.refused;
            break;
        case DnsStatus::empty:
            ++counters.any_errors;
            break;
        default:
            ++(answer.truncated ? counters.truncated : counters.others);
    }
}

}  // namespace

struct DnsResolver::Impl {
    Section& section_of(const ResolversSettings& settings);
    Entry& entry_of(Section& section, const std::string& name, DnsType first);
    void run();
    void take_questions();
    void act(Entry& entry, DnsQuestion::Action action, const DnsAnswer& answer, DnsChannel* from);
    void send(Entry& entry);
    void receive(Section& section, DnsChannel& channel, std::string_view message, bool by_stream);
    void hand_out(Entry& entry, const DnsAnswer& answer, DnsChannel* from);
    void answer_rules(Entry& entry, const DnsAnswer& answer);
    void follow_targets(Entry& entry);
    void wait(common::TimePoint until);

    std::list<Section> sections;     // stable
    std::list<Entry> entries;        // of servers; stable: answers add some
    std::map<NameKey, Entry> asked;  // by rules, until they have their answer
    ResolvedServers servers;
    common::UniqueFd wake_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<bool> stopping{false};
    bool expects_questions = false;
    std::thread thread;

    struct Question {
        NameKey key;
        Section* section;
        Answer answer;
    };
    std::mutex mutex;  // of `questions`
    std::vector<Question> questions;
    NameMemory memory;
};

Section& DnsResolver::Impl::section_of(const ResolversSettings& settings) {
    for (Section& section : sections)
        if (&section.settings == &settings) return section;
    return sections.emplace_back(settings);
}

Entry& DnsResolver::Impl::entry_of(Section& section, const std::string& name, DnsType first) {
    for (Entry& entry : entries)
        if (&entry.section == &section && entry.question.name() == name && entry.question.first() == first)
            return entry;
    return entries.emplace_back(section, name, first, common::Clock::now());
}

void DnsResolver::Impl::send(Entry& entry) {
    Section& section = entry.section;
    section.awaited.erase(entry.id);
    do {
        entry.id = random_id();
    } while (section.awaited.contains(entry.id));
    const auto query = make_dns_query(entry.id, entry.question.name(), entry.question.type(),
                                      static_cast<std::uint16_t>(section.settings.payload_size));
    if (!query) return;  // no host name: nobody will answer
    section.awaited.emplace(entry.id, &entry);
    for (DnsChannel& channel : section.channels) channel.send(*query);
}

void DnsResolver::Impl::receive(Section& section, DnsChannel& channel, std::string_view message,
                                bool by_stream) {
    const auto id = dns_message_id(message);
    const auto awaited = id ? section.awaited.find(*id) : section.awaited.end();
    if (awaited == section.awaited.end()) {
        ++(id ? channel.counters.outdated : channel.counters.invalid);
        return;
    }
    Entry& entry = *awaited->second;
    const DnsQuestion& question = entry.question;
    const auto answer = parse_dns_answer(message, *id, question.name(), question.type());
    if (!answer) {
        ++channel.counters.invalid;
        return;
    }
    count_answer(channel.counters, *answer);
    if (answer->truncated && !by_stream) {
        if (const auto query = make_dns_query(*id, question.name(), question.type(),
                                              static_cast<std::uint16_t>(section.settings.payload_size)))
            channel.send_by_stream(*query);
        return;
    }
    act(entry, entry.question.received(*answer, common::Clock::now()), *answer, &channel);
}

void DnsResolver::Impl::act(Entry& entry, DnsQuestion::Action action, const DnsAnswer& answer,
                            DnsChannel* from) {
    if (action == DnsQuestion::Action::send) send(entry);
    if (action != DnsQuestion::Action::over) return;
    entry.section.awaited.erase(entry.id);
    if (entry.question.status() == DnsStatus::timeout)
        for (DnsChannel& channel : entry.section.channels) ++channel.counters.timeouts;
    entry.answers.empty() ? hand_out(entry, answer, from) : answer_rules(entry, answer);
}

void DnsResolver::Impl::answer_rules(Entry& entry, const DnsAnswer& answer) {
    common::Endpoint address;
    if (entry.question.status() == DnsStatus::valid && !answer.addresses.empty()) {
        address = answer.addresses.front();
        memory.keep(entry.key, address, common::Clock::now() + entry.section.settings.hold.valid);
    }
    for (const Answer& tell : std::exchange(entry.answers, {})) tell(address);
}

void DnsResolver::Impl::hand_out(Entry& entry, const DnsAnswer& answer, DnsChannel* from) {
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
    const std::string by = entry.section.settings.name + "/" + from->name();
    for (ResolvedServer* server : entry.servers) {
        const common::Endpoint before = server->state.address();
        servers.take_addresses(*server, entry.held.addresses(), by);
        if (!(server->state.address() == before)) ++from->counters.updates;
    }
}

// Targets of SRV records whose addresses did not come along have questions of their own.
void DnsResolver::Impl::follow_targets(Entry& entry) {
    for (ResolvedServer* server : entry.servers) {
        const DnsType first = type_of(server->settings.resolve.family);
        for (Entry& other : entries)
            if (&other != &entry && (!server->own_question || other.question.name() != server->target))
                std::erase(other.servers, server);
        if (!server->own_question || server->target.empty()) continue;
        Entry& own = entry_of(entry.section, server->target, first);
        if (std::ranges::find(own.servers, server) == own.servers.end()) own.servers.push_back(server);
    }
}

void DnsResolver::Impl::take_questions() {
    std::vector<Question> taken;
    {
        const std::lock_guard lock(mutex);
        taken.swap(questions);
    }
    for (Question& question : taken) {
        const bool full = asked.size() >= kMostAsked && !asked.contains(question.key);
        if (full || !make_dns_query(0, question.key.name, DnsType::a, 0)) {
            question.answer({});
            continue;
        }
        const auto [place, fresh] = asked.try_emplace(question.key, *question.section, question.key.name,
                                                      type_of(question.key.family), common::Clock::now());
        if (fresh) place->second.key = question.key;
        place->second.answers.push_back(std::move(question.answer));
    }
}

void DnsResolver::Impl::wait(common::TimePoint until) {
    std::vector<pollfd> polled{{wake_event.get(), POLLIN, 0}};
    for (Section& section : sections)
        for (DnsChannel& channel : section.channels) channel.enlist(polled);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - common::Clock::now()).count();
    ::poll(polled.data(), polled.size(), static_cast<int>(std::clamp<long>(left, 0, 60'000)));
    eventfd_t count = 0;
    if (polled[0].revents != 0) ::eventfd_read(wake_event.get(), &count);
    for (Section& section : sections)
        for (DnsChannel& channel : section.channels)
            channel.serve(polled, [&](std::string_view message, bool by_stream) {
                receive(section, channel, message, by_stream);
            });
}

void DnsResolver::Impl::run() {
    common::TimePoint tidied = common::Clock::now();
    while (!stopping) {
        take_questions();
        const common::TimePoint now = common::Clock::now();
        common::TimePoint next = now + kLongestSleep;
        const auto tick = [&](Entry& entry) {
            if (!entry.wanted()) return;
            act(entry, entry.question.tick(now), {}, nullptr);
            next = std::min(next, entry.question.wake());
        };
        for (Entry& entry : entries) tick(entry);
        for (auto& [key, entry] : asked) tick(entry);
        wait(next);
        std::erase_if(asked, [](const auto& entry) { return !entry.second.wanted(); });
        if (now - tidied < kTidyEvery) continue;
        memory.forget_old(now);
        tidied = now;
    }
}

DnsResolver::DnsResolver() : impl_(std::make_unique<Impl>()) {}
DnsResolver::~DnsResolver() {
    stop();
}

void DnsResolver::add(const ResolversSettings& section) {
    impl_->section_of(section);
}

void DnsResolver::add(Backend& backend, const HealthLog& log) {
    const BackendSettings& settings = backend.settings();
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        const ServerSettings& server = settings.servers[i];
        if (!server.resolved_at_run_time()) continue;
        Section& section = impl_->section_of(*server.resolvers);
        const DnsType first = server.is_service() ? DnsType::srv : type_of(server.resolve.family);
        impl_->entry_of(section, server.host, first)
            .servers.push_back(&impl_->servers.add(backend, log, server, *backend.state().servers[i]));
    }
}

void DnsResolver::expect_questions() {
    impl_->expects_questions = true;
}

void DnsResolver::start() {
    if ((impl_->entries.empty() && !impl_->expects_questions) || impl_->thread.joinable()) return;
    impl_->thread = common::process::start_thread("resolvers", [impl = impl_.get()] { impl->run(); });
}

void DnsResolver::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    ::eventfd_write(impl_->wake_event.get(), 1);
    impl_->thread.join();
}

std::optional<common::Endpoint> DnsResolver::ask(const rules::NameQuestion& question, Answer answer) {
    const auto section = std::ranges::find_if(
        impl_->sections, [&](const Section& each) { return each.settings.name == question.resolvers; });
    if (section == impl_->sections.end()) return common::Endpoint();
    NameKey key{&*section, common::to_lower(question.name), question.family};
    if (auto known = impl_->memory.find(key, common::Clock::now())) return known;
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->questions.push_back({std::move(key), &*section, std::move(answer)});
    }
    ::eventfd_write(impl_->wake_event.get(), 1);
    return std::nullopt;
}

std::vector<ResolversView> DnsResolver::view() const {
    std::vector<ResolversView> out;
    for (const Section& section : impl_->sections) {
        ResolversView& view = out.emplace_back(section.settings.name);
        for (const DnsChannel& channel : section.channels)
            view.nameservers.push_back({channel.name(), &channel.counters});
    }
    return out;
}

}  // namespace proxyd::upstream
