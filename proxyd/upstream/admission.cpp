#include "proxyd/upstream/admission.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "proxyd/upstream/slow_start.h"

namespace proxyd::upstream {

Admission::Admission(const BackendSettings& settings, state::ProxyState& state, balance::Selected selected,
                     Wake wake)
    : settings_(settings),
      state_(state),
      row_(selected.row),
      algorithm_(std::move(selected.algorithm)),
      wake_(wake),
      dynamic_limits_(
          std::ranges::any_of(settings.servers, [](const ServerSettings& s) { return s.minconn > 0; })),
      slots_(settings.servers.size()) {
    for (std::size_t i = 0; i < slots_.size(); ++i)
        slots_[i].load.queue_limit = settings_.servers[i].maxqueue;
    algorithm_->set_hash(settings.hash);
    build_roster();
}

namespace {

std::int64_t wall_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// Where a server's points on a ring begin (hash-key).
std::uint32_t ring_seed(const ServerSettings& settings, const state::ServerState& server) {
    const auto id = static_cast<std::uint32_t>(server.id);
    if (settings.hash_key == balance::HashKey::id) return id;
    const common::Endpoint address = server.address();
    if (!address.is_ip()) return id;
    const std::string text =
        settings.hash_key == balance::HashKey::address ? address.ip() : address.to_string();
    return balance::sdbm(text);
}

}  // namespace

// Active servers if any is usable; else the first usable backup, or with allbackups all of them.
void Admission::build_roster() {
    std::vector<balance::Member> members;
    const std::int64_t now = wall_now_ms();
    bool warming = false;
    const auto collect = [&](bool backup) {
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            const state::ServerState& server = *state_.servers[i];
            if (server.backup != backup || !server.usable()) continue;
            if (backup && !settings_.allbackups && !members.empty()) return;
            const ServerSettings& settings = settings_.servers[i];
            const int points = weight_points(settings, server, now);
            warming = warming || warmth(settings, server, now) < 16;
            members.push_back({i, server.weight.load(std::memory_order_relaxed),
                               std::max(server.configured_weight.load(std::memory_order_relaxed), 1),
                               &slots_[i].load, points, ring_seed(settings, server)});
        }
    };
    collect(false);
    if (members.empty()) collect(true);
    // A part of a small weight can only be told in sixteenths of all.
    if (warming)
        for (balance::Member& member : members) member.weight = member.points;
    for (Slot& slot : slots_) slot.in_roster = false;
    for (const balance::Member& member : members) slots_[member.index].in_roster = true;
    for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].load.limit = limit_of(i);
    algorithm_->set_roster(members);
    usable_.store(static_cast<int>(members.size()), std::memory_order_relaxed);
}

// With minconn the limit climbs from there to maxconn as the backend's load climbs to fullconn.
int Admission::limit_of(std::size_t server) const {
    const int maxconn = warm_limit(state_.servers[server]->maxconn.load(std::memory_order_relaxed),
                                   settings_.servers[server], *state_.servers[server], wall_now_ms());
    const int minconn = settings_.servers[server].minconn;
    if (minconn <= 0 || maxconn <= minconn || settings_.fullconn <= 0) return maxconn;
    const std::int64_t load = state_.backend.sessions.now();
    if (load >= settings_.fullconn) return maxconn;
    return std::max(minconn, static_cast<int>(maxconn * load / settings_.fullconn));
}

void Admission::update_limits() {
    if (!dynamic_limits_) return;
    for (std::size_t i = 0; i < slots_.size(); ++i)
        if (settings_.servers[i].minconn > 0) slots_[i].load.limit = limit_of(i);
}

Grant Admission::ask(const balance::Query& query, net::Waiter* waiter) {
    Woken woken;
    Grant result;
    {
        const std::lock_guard lock(mutex_);
        update_limits();
        // A slot freed this moment belongs to those who wait already.
        if (waiting_.load(std::memory_order_relaxed) > 0) serve_all_queues(woken);
        const bool bound = query.wanted < slots_.size();
        if (bound && !slots_[query.wanted].load.full()) {
            take_slot(query.wanted);
            return {Grant::Kind::slot, query.wanted, nullptr};
        }
        if (usable_.load(std::memory_order_relaxed) == 0) return {};
        // Whoever waits in the backend's queue does so because all servers are full.
        const bool all_full = row_->rotates && !queue_.empty();
        // A full server that a request is bound to has a queue; one that only known clients reach has none.
        const bool queued_there = bound && slots_[query.wanted].in_roster;
        const std::size_t chosen = result.server = queued_there ? query.wanted
                                                   : all_full   ? balance::kNone
                                                                : algorithm_->choose(query);
        if (chosen != balance::kNone && !slots_[chosen].load.full()) {
            take_slot(chosen);
            result.kind = Grant::Kind::slot;
        } else if (chosen != balance::kNone && slots_[chosen].load.queue_full()) {
            result.kind = Grant::Kind::queue_full;
        } else {
            result.kind = Grant::Kind::wait;
            result.ticket = std::make_shared<Ticket>();
            result.ticket->avoid = query.avoid;
            result.ticket->due = common::Clock::now();
            if (query.context != nullptr) {
                result.ticket->priority = query.context->priority_class;
                result.ticket->due += std::chrono::milliseconds(query.context->priority_offset);
            }
            result.ticket->waiter = waiter;
            result.ticket->worker = waiter != nullptr ? &waiter->worker() : nullptr;
            enqueue(result.ticket, chosen);
            // free_slot() looks for waiting requests after it has given its slot back, without the lock:
            // either it sees this one, or this look sees the slot.
            serve_all_queues(woken);
        }
    }
    for (const auto& ticket : woken) wake_(ticket);
    return result;
}

Ticket::State Admission::look(const Ticket& ticket, std::size_t& server) {
    const std::lock_guard lock(mutex_);
    server = ticket.server;
    return ticket.state;
}

void Admission::give_up(Ticket& ticket) {
    std::unique_lock lock(mutex_);
    switch (ticket.state) {
        case Ticket::State::waiting:
            ticket.position =
                static_cast<std::int64_t>(served_by_queue_of(ticket) - ticket.served_before) + 1;
            dequeue(ticket);
            break;
        case Ticket::State::granted:
            lock.unlock();
            free_slot(ticket.server);
            break;
        case Ticket::State::redistributed:
            break;
    }
}

void Admission::take_slot(std::size_t server) {
    slots_[server].load.served.fetch_add(1, std::memory_order_seq_cst);
    state_.servers[server]->sessions.enter();
    if (row_->tracks_load) algorithm_->load_changed(server);
}

void Admission::free_slot(std::size_t server) {
    state_.servers[server]->sessions.leave();
    slots_[server].load.served.fetch_sub(1, std::memory_order_seq_cst);
    if (!row_->tracks_load && waiting_.load(std::memory_order_seq_cst) == 0) return;
    Woken woken;
    {
        const std::lock_guard lock(mutex_);
        update_limits();
        if (row_->tracks_load) algorithm_->load_changed(server);
        serve_queues(server, woken);
    }
    for (const auto& ticket : woken) wake_(ticket);
}

bool Admission::has_room(std::size_t server) const {
    const balance::Load& load = slots_[server].load;
    return load.limit <= 0 || load.served.load(std::memory_order_seq_cst) < load.limit;
}

bool Admission::before(const Ticket& one, const Ticket& other) {
    if (one.priority != other.priority) return one.priority < other.priority;
    if (one.due != other.due) return one.due < other.due;
    return one.number < other.number;
}

void Admission::enqueue(const std::shared_ptr<Ticket>& ticket, std::size_t server) {
    Queue& queue = server == balance::kNone ? queue_ : slots_[server].queue;
    ticket->number = ++arrivals_;
    ticket->server = server;
    ticket->served_before = served_by_queue_of(*ticket);
    auto place = queue.end();
    while (place != queue.begin() && before(*ticket, **std::prev(place))) --place;
    ticket->place = queue.insert(place, ticket);
    waiting_.fetch_add(1, std::memory_order_seq_cst);
    if (server == balance::kNone) {
        state_.queued.enter();
        return;
    }
    ++slots_[server].load.queued;
    state_.servers[server]->queued.enter();
    if (row_->tracks_load) algorithm_->load_changed(server);
}

std::uint64_t& Admission::served_by_queue_of(const Ticket& ticket) {
    return ticket.server == balance::kNone ? served_ : slots_[ticket.server].served;
}

void Admission::dequeue(Ticket& ticket) {
    const std::size_t server = ticket.server;
    waiting_.fetch_sub(1, std::memory_order_seq_cst);
    if (server == balance::kNone) {
        queue_.erase(ticket.place);
        state_.queued.leave();
        return;
    }
    slots_[server].queue.erase(ticket.place);
    --slots_[server].load.queued;
    state_.servers[server]->queued.leave();
    if (row_->tracks_load) algorithm_->load_changed(server);
}

void Admission::grant(const std::shared_ptr<Ticket>& ticket, std::size_t server, Woken& woken) {
    const std::shared_ptr<Ticket> keep = ticket;  // `ticket` may be the queue's own element
    keep->position = static_cast<std::int64_t>(++served_by_queue_of(*keep) - keep->served_before);
    dequeue(*keep);
    take_slot(server);
    keep->server = server;
    keep->state = Ticket::State::granted;
    woken.push_back(keep);
}

// A server that refuses connections frees its slots in no time: it would drag the whole queue through its
// failure.
bool Admission::shuns(const Ticket& ticket, std::size_t server) const {
    return ticket.avoid == server && usable_.load(std::memory_order_relaxed) > 1;
}

// Slots of one server to its own queue and to the backend's, whoever came first.
void Admission::serve_queues(std::size_t server, Woken& woken) {
    Slot& slot = slots_[server];
    auto common = queue_.begin();
    while (slot.in_roster && has_room(server)) {
        while (common != queue_.end() && shuns(**common, server)) ++common;
        const bool own = !slot.queue.empty();
        if (!own && common == queue_.end()) return;
        if (own && (common == queue_.end() || before(*slot.queue.front(), **common)))
            grant(slot.queue.front(), server, woken);
        else
            grant(*common++, server, woken);
    }
}

// All servers may have room: their own queues first, then the algorithm spreads the backend's.
void Admission::serve_all_queues(Woken& woken) {
    bool room = false;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (!slots_[i].in_roster) continue;
        while (!slots_[i].queue.empty() && has_room(i)) grant(slots_[i].queue.front(), i, woken);
        room = room || has_room(i);
    }
    // Not asked in vain: an algorithm goes through all servers when all are full.
    for (auto next = queue_.begin(); room && next != queue_.end();) {
        const auto ticket = next++;
        // Without a context, which belongs to another worker: it is not bound to a server anyway.
        const std::size_t chosen = algorithm_->choose({.avoid = (*ticket)->avoid});
        if (chosen == balance::kNone || slots_[chosen].load.full()) return;
        if (!shuns(**ticket, chosen)) grant(*ticket, chosen, woken);
    }
}

Admission::Changes Admission::servers_changed() {
    Woken woken;
    Changes changes;
    {
        const std::lock_guard lock(mutex_);
        build_roster();
        for (Slot& slot : slots_) {
            while (!slot.in_roster && !slot.queue.empty()) {
                const std::shared_ptr<Ticket> ticket = slot.queue.front();
                dequeue(*ticket);
                ticket->state = Ticket::State::redistributed;
                woken.push_back(ticket);
                ++changes.requeued;
            }
        }
        serve_all_queues(woken);
    }
    for (const auto& ticket : woken) wake_(ticket);
    return changes;
}

}  // namespace proxyd::upstream
