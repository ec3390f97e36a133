#include "proxyd/admin/health_board.h"

#include <sys/mman.h>
#include <time.h>

#include <cstring>
#include <new>

namespace proxyd::admin {

std::int64_t monotonic_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

common::Result<std::shared_ptr<HealthBoard>> HealthBoard::create(int workers, std::size_t backends) {
    const std::size_t size = sizeof(HealthBoard) + backends * sizeof(Backend);
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return common::fail_errno("cannot share memory");
    auto* board = new (memory) HealthBoard(workers, backends);
    for (std::size_t i = 0; i < backends; ++i) new (&board->slots()[i]) Backend;
    return std::shared_ptr<HealthBoard>(board, [size](HealthBoard* gone) { ::munmap(gone, size); });
}

// A sequence lock: readers try again when the number was odd or has changed.
void HealthBoard::set_role(std::string_view text) {
    if (text.size() > kRoleWords * sizeof(std::uint64_t)) return;
    role_sequence_.fetch_add(1, std::memory_order_acq_rel);
    role_size_.store(static_cast<std::uint32_t>(text.size()), std::memory_order_relaxed);
    for (std::size_t i = 0; i * sizeof(std::uint64_t) < text.size(); ++i) {
        const auto piece = text.substr(i * sizeof(std::uint64_t), sizeof(std::uint64_t));
        std::uint64_t word = 0;
        std::memcpy(&word, piece.data(), piece.size());
        role_[i].store(word, std::memory_order_relaxed);
    }
    role_sequence_.fetch_add(1, std::memory_order_release);
}

std::string HealthBoard::role() const {
    constexpr int kTries = 100;  // a writer that died half-way must not hold readers
    for (int i = 0; i < kTries; ++i) {
        const std::uint32_t before = role_sequence_.load(std::memory_order_acquire);
        std::string text(role_size_.load(std::memory_order_relaxed), '\0');
        for (std::size_t at = 0; at < text.size(); at += sizeof(std::uint64_t)) {
            const std::uint64_t word = role_[at / sizeof(std::uint64_t)].load(std::memory_order_relaxed);
            std::memcpy(text.data() + at, &word, std::min(sizeof word, text.size() - at));
        }
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before % 2 == 0 && role_sequence_.load(std::memory_order_relaxed) == before) return text;
    }
    return {};
}

}  // namespace proxyd::admin
