// Idle connections of one worker to one server. Worker's thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/clock.h"
#include "proxyd/net/stream.h"

namespace proxyd::upstream {

class IdlePool {
 public:
    struct Connection {
        net::Stream stream;
        std::uint64_t generation = 0;  // of the server: an older one leads to where the server was before
        bool proven = false;           // has been used again at least once (http-reuse aggressive)
        int uses = 0;                  // times that it was used again
    };

    // `count`: of idle connections to this server in all workers.
    explicit IdlePool(std::atomic<int>& count) : count_(count) {}
    ~IdlePool() { clear(); }
    IdlePool(const IdlePool&) = delete;
    IdlePool& operator=(const IdlePool&) = delete;

    // Takes the connection back and watches it.
    void put(Connection connection);
    // The one used last, so that what is not needed ages and goes; closes on the way what the server has
    // closed or written to, and what belongs to an older generation. False when there is none.
    bool take(bool proven_only, std::uint64_t generation, Connection& out);
    // Makes room for another one: drops the connection that waited longest if the server has closed it. False
    // when there was none to drop.
    bool drop_dead();
    // Every purge delay: closes half of the connections that were not needed since the last time, oldest
    // first.
    void purge();
    void clear();
    std::size_t size() const { return idle_.size(); }

 private:
    std::atomic<int>& count_;
    std::vector<Connection> idle_;  // the one used last at the end
    std::size_t least_ = 0;         // fewest at any moment since the last purge: these were not needed
};

}  // namespace proxyd::upstream
