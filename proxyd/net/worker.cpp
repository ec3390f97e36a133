#include "proxyd/net/worker.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "common/logging.h"
#include "proxyd/net/buffer_pool.h"
#include "proxyd/net/deadline.h"
#include "proxyd/net/latecomers.h"
#include "proxyd/net/mailbox.h"
#include "proxyd/net/pipe.h"
#include "proxyd/net/reactor.h"
#include "proxyd/net/waiter.h"

namespace proxyd::net {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

thread_local Worker* current_worker = nullptr;

// An idle worker turns this often, so that the heartbeat tells a sleeping worker from a hung one.
constexpr auto kPulse = 200ms;

constexpr std::size_t kFreeBuffers = 128;  // 2 MB with buffers of 16 kB
// A system call costs as much as copying some kilobytes: measured, larger pieces than 128 kB gain nothing,
// and fall out of the cache. Clients that are slower than their server hold one each; others then get
// ordinary buffers.
constexpr std::size_t kBulkFactor = 8;
constexpr std::size_t kFreeBulkBuffers = 4;
constexpr std::size_t kMostBulkBuffers = 64;

template <class Tag>
using WaiterList = boost::intrusive::list<
    Waiter,
    boost::intrusive::base_hook<boost::intrusive::list_base_hook<
        boost::intrusive::tag<Tag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>>,
    boost::intrusive::constant_time_size<false>>;

// What rings when a letter came.
struct Bell final : Reactor::Member {
    explicit Bell(Mailbox& box) : mailbox(box) {}
    void on_events(std::uint32_t) override { mailbox.run_all(); }
    Mailbox& mailbox;
};

}  // namespace

struct Worker::Impl {
    Impl(Worker& self, const WorkerSettings& given)
        : owner(self),
          settings(given),
          now(common::Clock::now()),
          buffers(given.buffer_size, kFreeBuffers),
          bulk_buffers(kBulkFactor * given.buffer_size, kFreeBulkBuffers, kMostBulkBuffers),
          pipes(given.pipe_size, given.most_pipes),
          wheel(now),
          latecomers(self, wheel),
          io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
          bell(mailbox),
          pulse(wheel, [](void* impl) { static_cast<Impl*>(impl)->beat(); }, this) {
        reactor.add(mailbox.wake_fd(), EPOLLIN, bell);
    }

    void beat() {
        if (settings.heartbeat) {
            settings.heartbeat->last_turn_ms.store(
                std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count(),
                std::memory_order_relaxed);
        }
        measure_idleness();
        pulse.set(now + kPulse);
    }

    // What the thread did not compute since the last pulse it was idle, or others had its processor.
    void measure_idleness() {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        const auto busy = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
        const common::Duration passed = now - std::exchange(measured, now);
        const common::Duration worked = busy - std::exchange(busy_before, busy);
        if (passed <= common::Duration::zero()) return;
        idle_percent.store(static_cast<int>(std::clamp<std::int64_t>(100 - 100 * worked / passed, 0, 100)),
                           std::memory_order_relaxed);
    }

    // How long a turn may wait for events. `now` is that of the last event, hardly older than the moment.
    int patience() const {
        if (turn_end_wanted || !ready.empty() || settings.busy) return 0;
        const common::TimePoint next = wheel.next();
        if (next == common::kNever) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
    }

    void turn() {
        reactor.wait(patience());
        finish_turn();
    }

    // Also what is left of a turn that an exception broke off: an edge that is not told never comes again.
    void finish_turn() {
        bool quiet = true;
        for (auto found = reactor.next(); found.member; found = reactor.next()) {
            const Event event(owner);
            found.member->on_events(found.events);
            quiet = false;
        }
        if (quiet || now >= wheel.next()) {
            const Event event(owner);
            wheel.advance(now);
        }
        if (turn_end_wanted) run_hooks();
        // What Asio itself has posted. It was counted in the handler around us, and is taken off the count of
        // the whole as it runs: that stands right again only when our handler has ended.
        count_is_off = io.poll() > 0 || io.stopped();
    }

    void run_hooks() {
        const Event event(owner);
        turn_end_wanted = false;
        for (auto& hook : hooks) hook();
    }

    Worker& owner;
    const WorkerSettings settings;
    common::TimePoint now;
    mutable std::int64_t wall = 0;  // 0: not read since `now`
    BufferPool buffers;
    BufferPool bulk_buffers;
    PipePool pipes;
    DeadlineWheel wheel;
    Latecomers latecomers;
    Reactor reactor;
    WaiterList<ReadyTag> ready;
    WaiterList<AliveTag> alive;
    Mailbox mailbox;
    std::vector<std::function<void()>> hooks;
    bool turn_end_wanted = false;
    int events = 0;  // being handled
    bool stopping = false;
    bool count_is_off = false;
    asio::io_context io;
    Bell bell;
    Deadline pulse;
    common::TimePoint measured{};
    common::Duration busy_before{0};
    std::atomic<int> idle_percent{100};
};

Worker::Worker(const WorkerSettings& settings) : impl_(std::make_unique<Impl>(*this, settings)) {}
Worker::~Worker() = default;

int Worker::index() const {
    return impl_->settings.index;
}
Executor Worker::executor() {
    return impl_->io.get_executor();
}
Reactor& Worker::reactor() {
    return impl_->reactor;
}
BufferPool& Worker::buffers() {
    return impl_->buffers;
}
BufferPool& Worker::bulk_buffers() {
    return impl_->bulk_buffers;
}
PipePool& Worker::pipes() {
    return impl_->pipes;
}
DeadlineWheel& Worker::deadlines() {
    return impl_->wheel;
}
Latecomers& Worker::latecomers() {
    return impl_->latecomers;
}
common::TimePoint Worker::now() const {
    return impl_->now;
}
Worker* Worker::current() {
    return current_worker;
}

std::int64_t Worker::wall_us() const {
    if (impl_->wall == 0) {
        timespec time{};
        ::clock_gettime(CLOCK_REALTIME, &time);
        impl_->wall = time.tv_sec * std::int64_t{1'000'000} + time.tv_nsec / 1000;
    }
    return impl_->wall;
}

void Worker::post(std::function<void()> job) {
    impl_->mailbox.post(std::move(job));
}

void Worker::stop() {
    post([this] { impl_->stopping = true; });
}

void Worker::run() {
    current_worker = this;
    {
        const Event event(*this);
        impl_->beat();
    }
    // The turns are one handler of Asio's: only within one does it recycle the frames of coroutines.
    const auto turns = [impl = impl_.get()] {
        impl->finish_turn();
        while (!impl->stopping && !impl->count_is_off) impl->turn();
        impl->io.stop();
    };
    while (!impl_->stopping) {
        try {
            impl_->io.restart();
            asio::post(impl_->io, turns);
            impl_->io.run();
        } catch (
            const std::exception& exception) {  // a broken invariant of one session is not the end of all
            common::log::error("worker {}: {}", index(), exception.what());
        }
    }
    // Unwind the coroutines that wait for something; Asio does that by posted jobs.
    while (!impl_->alive.empty()) {
        Waiter& waiter = impl_->alive.front();
        impl_->alive.pop_front();
        waiter.abandon();
        impl_->io.restart();
        impl_->io.poll();
    }
    if (impl_->settings.heartbeat)
        impl_->settings.heartbeat->last_turn_ms.store(0, std::memory_order_relaxed);
    current_worker = nullptr;
}

void Worker::at_turn_end(std::function<void()> hook) {
    impl_->hooks.push_back(std::move(hook));
}

void Worker::want_turn_end() {
    impl_->turn_end_wanted = true;
}

void Worker::broadcast(std::uint32_t bits, int one_of) {
    // Begins anywhere, so that those first in the list do not always go first.
    std::int64_t passed = impl_->now.time_since_epoch().count() % one_of;
    for (Waiter& waiter : impl_->alive)
        if (passed++ % one_of == 0) waiter.set(bits);
}

int Worker::idle_percent() const {
    return impl_->idle_percent.load(std::memory_order_relaxed);
}

void Worker::begin_event() {
    ++impl_->events;
    impl_->now = common::Clock::now();
    impl_->wall = 0;
}

void Worker::end_event() {
    auto& ready = impl_->ready;
    while (impl_->events == 1 && !ready.empty()) {  // the outermost serves
        Waiter& waiter = ready.front();
        ready.pop_front();
        waiter.resume();
    }
    --impl_->events;
}

void Worker::enlist(Waiter& waiter) {
    impl_->alive.push_back(waiter);
}

void Worker::make_ready(Waiter& waiter) {
    if (waiter.ReadyHook::is_linked()) return;
    impl_->ready.push_back(waiter);  // served at the end of this event, or of the next
}

}  // namespace proxyd::net
