// A lock for data that every request reads and an operator changes once in a while. A reader writes one word
// of its own thread's and no shared one: no cache line moves between cores, no bus lock. A writer makes all
// running threads pass a barrier (membarrier(2)) and waits until they have left; readers that come meanwhile
// wait for it. One lock for the whole process; sections must be short and must not suspend.
#pragma once

#include <atomic>
#include <mutex>

namespace common {

class ReadMostly {
    struct Slot {
        std::atomic<unsigned> depth{0};
    };

 public:
    // A reading section; may be nested.
    class Reading {
     public:
        Reading() : slot_(own_slot_ != nullptr ? *own_slot_ : register_thread()) {
            const unsigned depth = slot_.depth.load(std::memory_order_relaxed);
            slot_.depth.store(depth + 1, std::memory_order_relaxed);
            if (depth == 0) enter();
        }
        ~Reading() {
            slot_.depth.store(slot_.depth.load(std::memory_order_relaxed) - 1, std::memory_order_release);
        }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;

     private:
        void enter() {
            // The writer's membarrier() stands in for the fence between our store and this load.
            if (barrier_by_kernel_)
                std::atomic_signal_fence(std::memory_order_seq_cst);
            else
                std::atomic_thread_fence(std::memory_order_seq_cst);
            if (writing_.load(std::memory_order_acquire)) wait_for_writer(slot_);
        }
        Slot& slot_;
    };

    // Alone, until destroyed. Not from within a Reading.
    class Writing {
     public:
        Writing();
        ~Writing();
        Writing(const Writing&) = delete;
        Writing& operator=(const Writing&) = delete;

     private:
        std::unique_lock<std::mutex> lock_;
    };

 private:
    friend class Reading;
    struct Registration;
    static Slot& register_thread();
    static void wait_for_writer(Slot& slot);

    static thread_local constinit Slot* own_slot_;
    static std::atomic<bool> writing_;
    static const bool barrier_by_kernel_;
};

}  // namespace common
