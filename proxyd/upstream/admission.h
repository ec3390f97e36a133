// Who is served by which server, now or later: server choice, slots (maxconn) and queues of one backend, for
// all workers. Every decision is made under one short lock, so that the balancing order, the limits and the
// first-come order of the queues are exact for any number of workers. Knows nothing of sockets.
//
// A slot is a stream being served. A request that finds its server full waits in that server's queue (when
// the algorithm binds it to that server) or in the backend's; a slot that becomes free goes to whoever came
// first in either.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "common/clock.h"
#include "proxyd/balance/algorithm.h"
#include "proxyd/net/waiter.h"
#include "proxyd/rules/context.h"
#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

// One wait for a slot. Shared by the coroutine that waits and the message that wakes it.
struct Ticket {
    enum class State : unsigned char {
        waiting,
        granted,       // the slot of `server` is taken for it
        redistributed  // its server went away: ask again
    };
    // Whom to wake; `waiter` is null once nobody waits any more. Worker's thread only.
    net::Worker* worker = nullptr;
    net::Waiter* waiter = nullptr;

    // Under the admission's lock.
    State state = State::waiting;
    std::size_t server = balance::kNone;  // granted; before: whose queue it is in, kNone for the backend's
    std::size_t avoid = balance::kNone;  // a server that just refused it: its slots go to others, while there
                                         // are other servers
    std::uint64_t number = 0;            // order of arrival
    int priority = 0;                    // lower classes are served first; in each
    common::TimePoint due{};             // by arrival, moved by the request's offset
    std::int64_t position =
        0;  // how many its queue has served since it came, itself included (sq, bq of logs)
    std::uint64_t served_before = 0;  // by its queue until it came
    std::list<std::shared_ptr<Ticket>>::iterator place;
};

struct Grant {
    enum class Kind : unsigned char { slot, wait, no_server, queue_full };
    Kind kind = Kind::no_server;
    std::size_t server = balance::kNone;  // whose slot or queue; kNone: the backend's queue
    std::shared_ptr<Ticket> ticket;       // wait
};

class Admission {
 public:
    // `wake` is called outside the lock, from any thread, for tickets whose state has changed.
    using Wake = void (*)(const std::shared_ptr<Ticket>& ticket);
    Admission(const BackendSettings& settings, state::ProxyState& state, balance::Selected selected,
              Wake wake);

    // A slot now, or a place in a queue. A slot must be given back with free_slot(). `waiter` may be null in
    // tests.
    Grant ask(const balance::Query& query, net::Waiter* waiter);
    // What became of a ticket.
    Ticket::State look(const Ticket& ticket, std::size_t& server);
    // Nobody waits any more: out of the queue, or pass on the slot granted meanwhile.
    void give_up(Ticket& ticket);
    void free_slot(std::size_t server);

    // Takes the servers' state, weights and limits over. Queues of servers that went away are redistributed.
    struct Changes {
        int requeued = 0;  // sent from queues of servers to ask again
    };
    Changes servers_changed();

    const balance::AlgorithmRow& algorithm() const { return *row_; }
    int usable() const { return usable_.load(std::memory_order_relaxed); }  // servers in the roster
    std::size_t servers() const { return slots_.size(); }

 private:
    using Queue = std::list<std::shared_ptr<Ticket>>;
    struct Slot {
        balance::Load load;
        Queue queue;
        std::uint64_t served = 0;  // by the queue
        bool in_roster = false;
    };
    using Woken = std::vector<std::shared_ptr<Ticket>>;

    void build_roster();
    void update_limits();
    int limit_of(std::size_t server) const;
    bool has_room(std::size_t server) const;
    void take_slot(std::size_t server);
    static bool before(const Ticket& one, const Ticket& other);
    void enqueue(const std::shared_ptr<Ticket>& ticket, std::size_t server);
    void dequeue(Ticket& ticket);
    std::uint64_t& served_by_queue_of(const Ticket& ticket);
    void grant(const std::shared_ptr<Ticket>& ticket, std::size_t server, Woken& woken);
    bool shuns(const Ticket& ticket, std::size_t server) const;
    void serve_queues(std::size_t server, Woken& woken);
    void serve_all_queues(Woken& woken);

    const BackendSettings& settings_;
    state::ProxyState& state_;
    const balance::AlgorithmRow* row_;
    std::unique_ptr<balance::Algorithm> algorithm_;
    Wake wake_;
    bool dynamic_limits_ = false;  // some server has a minconn

    std::mutex mutex_;
    std::vector<Slot> slots_;  // by server
    Queue queue_;              // the backend's
    std::uint64_t served_ = 0;
    std::uint64_t arrivals_ = 0;
    std::atomic<int> waiting_{0};  // in all queues; read without the lock by free_slot()
    std::atomic<int> usable_{0};
};

}  // namespace proxyd::upstream
