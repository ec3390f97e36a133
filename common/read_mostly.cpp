#include "common/read_mostly.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace common {
namespace {

long membarrier(int command) {
    return ::syscall(SYS_membarrier, command, 0, 0);
}

// The registration is the process's: a fork keeps it, so that the daemon's children need no second one.
bool register_barrier() {
    const long commands = membarrier(MEMBARRIER_CMD_QUERY);
    return commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
           membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

}  // namespace

thread_local constinit ReadMostly::Slot* ReadMostly::own_slot_ = nullptr;
std::atomic<bool> ReadMostly::writing_{false};
const bool ReadMostly::barrier_by_kernel_ = register_barrier();

// The threads that have read, and what serialises writers.
struct ReadMostly::Registration {
    static std::mutex& slots_mutex() {
        static std::mutex mutex;
        return mutex;
    }
    static std::mutex& writer_mutex() {
        static std::mutex mutex;
        return mutex;
    }
    static std::vector<Slot*>& slots() {
        static std::vector<Slot*> all;
        return all;
    }

    Slot slot;
    Registration() {
        const std::lock_guard lock(slots_mutex());
        slots().push_back(&slot);
    }
    ~Registration() {
        const std::lock_guard lock(slots_mutex());
        std::erase(slots(), &slot);
        own_slot_ = nullptr;
    }
};

ReadMostly::Slot& ReadMostly::register_thread() {
    thread_local Registration registration;
    own_slot_ = &registration.slot;
    return registration.slot;
}

void ReadMostly::wait_for_writer(Slot& slot) {
    do {
        slot.depth.store(0, std::memory_order_release);
        {
            const std::lock_guard writer(Registration::writer_mutex());
        }
        slot.depth.store(1, std::memory_order_seq_cst);
        std::atomic_thread_fence(std::memory_order_seq_cst);
    } while (writing_.load(std::memory_order_acquire));
}

ReadMostly::Writing::Writing() : lock_(Registration::writer_mutex()) {
    writing_.store(true, std::memory_order_seq_cst);
    if (!barrier_by_kernel_ || membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0)
        std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::lock_guard lock(Registration::slots_mutex());
    for (const Slot* slot : Registration::slots())
        while (slot->depth.load(std::memory_order_acquire) != 0) ::sched_yield();
}

ReadMostly::Writing::~Writing() {
    writing_.store(false, std::memory_order_release);
}

}  // namespace common
