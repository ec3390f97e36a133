#include "proxyd/upstream/pool.h"

#include <algorithm>
#include <utility>

namespace proxyd::upstream {

void IdlePool::put(Connection connection) {
    connection.stream.watch_idle();
    connection.stream.release_buffers();
    idle_.push_back(std::move(connection));
    count_.fetch_add(1, std::memory_order_relaxed);
}

bool IdlePool::take(bool proven_only, std::uint64_t generation, Connection& out) {
    for (std::size_t i = idle_.size(); i-- > 0;) {
        Connection& candidate = idle_[i];
        const bool dead = candidate.generation != generation || candidate.stream.disturbed();
        if (!dead && proven_only && !candidate.proven) continue;
        if (!dead) out = std::move(candidate);
        idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
        count_.fetch_sub(1, std::memory_order_relaxed);
        least_ = std::min(least_, idle_.size());
        if (!dead) return true;
    }
    return false;
}

bool IdlePool::drop_dead() {
    // Only the oldest is looked at: servers close connections in the order in which they fell idle.
    if (idle_.empty() || !idle_.front().stream.disturbed()) return false;
    idle_.erase(idle_.begin());
    count_.fetch_sub(1, std::memory_order_relaxed);
    least_ = std::min(least_, idle_.size());
    return true;
}

void IdlePool::purge() {
    const std::size_t unneeded = (std::min(least_, idle_.size()) + 1) / 2;
    idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(unneeded));
    const std::size_t before = idle_.size();
    std::size_t alive = 0;
    for (std::size_t i = 0; i < before; ++i) {
        if (idle_[i].stream.disturbed()) continue;
        if (i != alive) idle_[alive] = std::move(idle_[i]);
        ++alive;
    }
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(alive), idle_.end());
    count_.fetch_sub(static_cast<int>(unneeded + before - alive), std::memory_order_relaxed);
    least_ = idle_.size();
}

void IdlePool::clear() {
    count_.fetch_sub(static_cast<int>(idle_.size()), std::memory_order_relaxed);
    idle_.clear();
    least_ = 0;
}

}  // namespace proxyd::upstream
