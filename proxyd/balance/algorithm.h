// How a backend chooses a server (configuration manual 4.2, "balance"). One algorithm per file; the table
// names them all. An algorithm sees only the servers that are in use now (the roster) and is called under its
// backend's lock: it needs no synchronisation of its own and its order is exact for any number of workers.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "proxyd/balance/hash_settings.h"
#include "proxyd/rules/context.h"

namespace proxyd::balance {

inline constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// What a server carries. Everything but `served` changes under the backend's lock only; `served` also falls
// without it.
struct Load {
    std::atomic<int> served{0};  // streams that hold a slot
    int queued = 0;              // waiting for a slot here
    int limit = 0;               // maxconn as it holds now; 0: none
    int queue_limit = 0;         // maxqueue; 0: none

    int total() const { return served.load(std::memory_order_relaxed) + queued; }
    // A newcomer would have to wait.
    bool full() const { return limit > 0 && (queued > 0 || served.load(std::memory_order_relaxed) >= limit); }
    bool queue_full() const { return queue_limit > 0 && queued >= queue_limit; }
    // Whether a hash that means this server means the next one instead.
    bool gives_way(Affinity affinity) const {
        return affinity != Affinity::always && full() && (affinity == Affinity::maxconn || queue_full());
    }
};

struct Member {
    std::size_t index = 0;  // of the server in its backend
    int weight = 1;         // 1..256, as it holds now
    int configured_weight = 1;
    const Load* load = nullptr;
    int points = 16;         // on a ring of hashes: 16 for each of its weight, fewer during its slow start
    std::uint32_t seed = 0;  // of their places
};

struct Query {
    const rules::Context* context = nullptr;  // what hashing algorithms look at; may be null
    std::size_t avoid = kNone;                // a server that just failed: another one when there is any
    std::size_t wanted = kNone;               // the request is bound to it (cookie, use-server)
};

class Algorithm {
 public:
    Algorithm() = default;
    virtual ~Algorithm() = default;
    Algorithm(const Algorithm&) = delete;
    Algorithm& operator=(const Algorithm&) = delete;

    // The servers in use changed, in number or weight. Ordered by index; members outlive the next call.
    virtual void set_roster(std::span<const Member> members) = 0;
    // Index of the server for this request. kNone: all are full, the request waits in the backend's queue. An
    // algorithm that binds a request to one server may name a full one: the request waits in that server's
    // queue.
    virtual std::size_t choose(const Query& query) = 0;
    // Before the first roster; of concern for the hashing ones only.
    virtual void set_hash(const HashSettings& settings) { (void)settings; }
    // The load of a server changed. Only called when tracks_load.
    virtual void load_changed(std::size_t index) { (void)index; }
};

// A row of the table of algorithms.
struct AlgorithmRow {
    std::string_view name;
    // Takes servers in turn, so that a failed connection may go on to the next one at once, whoever comes
    // next.
    bool rotates;
    bool tracks_load;  // wants load_changed()
    bool http_only;
    bool map_based;  // weights changed at run time have no effect
    // Checks the argument in parentheses ("hdr(NAME)") and the words behind, then builds.
    common::Result<std::unique_ptr<Algorithm>> (*make)(std::string_view parameter,
                                                       std::span<const std::string> words);
    std::string_view help;
};

std::span<const AlgorithmRow> algorithms();

// What `balance` says, looked up: "hdr(host)" finds the row "hdr" with the parameter "host".
struct Selected {
    const AlgorithmRow* row = nullptr;
    std::unique_ptr<Algorithm> algorithm;
};
common::Result<Selected> select(std::string_view name, std::span<const std::string> words);

}  // namespace proxyd::balance
