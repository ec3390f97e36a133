#include "proxyd/net/worker.h"

#include <time.h>

#include <utility>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "common/logging.h"
#include "proxyd/net/buffer_pool.h"
#include "proxyd/net/deadline.h"
#include "proxyd/net/mailbox.h"
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

using SteadyTimer = asio::basic_waitable_timer<common::Clock, asio::wait_traits<common::Clock>, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

template <class Tag>
using WaiterList = boost::intrusive::list<
    Waiter,
    boost::intrusive::base_hook<boost::intrusive::list_base_hook<
        boost::intrusive::tag<Tag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>>,
    boost::intrusive::constant_time_size<false>>;

}  // namespace

struct Worker::Impl {
    Impl(Worker& self, const WorkerSettings& given)
        : owner(self),
          settings(given),
          now(common::Clock::now()),
          buffers(given.buffer_size, kFreeBuffers),
          bulk_buffers(kBulkFactor * given.buffer_size, kFreeBulkBuffers, kMostBulkBuffers),
          wheel(now),
          io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
          bell(io.get_executor(), mailbox.wake_fd()),
          timer(io.get_executor()),
          reactor(asio::use_service<asio::detail::reactor>(io)),
          pulse(wheel, [](void* impl) { static_cast<Impl*>(impl)->beat(); }, this) {
        wheel.on_earlier([](void* impl) { static_cast<Impl*>(impl)->arm_timer(); }, this);
    }
    ~Impl() { bell.release(); }  // the mailbox closes it

    void wait_bell() {
        bell.async_wait(Descriptor::wait_read, [this](boost::system::error_code error) {
            if (error) return;
            const Event event(owner);
            wait_bell();
            mailbox.run_all();
        });
    }

    void arm_timer() {
        const common::TimePoint next = wheel.next();
        if (next == common::kNever) return;
        timer.expires_at(next);  // cancels the wait for a later moment
        timer.async_wait([this](boost::system::error_code error) {
            if (error) return;
            const Event event(owner);
            wheel.advance(now);
            arm_timer();
        });
    }

    void beat() {
        if (settings.heartbeat) {
            settings.heartbeat->last_turn_ms.store(
                std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count(),
                std::memory_order_relaxed);
        }
        pulse.set(now + kPulse);
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
    DeadlineWheel wheel;
    WaiterList<ReadyTag> ready;
    WaiterList<AliveTag> alive;
    Mailbox mailbox;
    std::vector<std::function<void()>> hooks;
    bool turn_end_wanted = false;
    int events = 0;             // being handled
    bool event_posted = false;  // to serve the ready list
    bool stopping = false;
    asio::io_context io;
    Descriptor bell;
    SteadyTimer timer;
    asio::detail::reactor& reactor;
    Deadline pulse;
};

Worker::Worker(const WorkerSettings& settings) : impl_(std::make_unique<Impl>(*this, settings)) {}
Worker::~Worker() = default;

int Worker::index() const {
    return impl_->settings.index;
}
asio::io_context& Worker::io() {
    return impl_->io;
}
Executor Worker::executor() {
    return impl_->io.get_executor();
}
asio::detail::epoll_reactor& Worker::reactor() {
    return impl_->reactor;
}
BufferPool& Worker::buffers() {
    return impl_->buffers;
}
BufferPool& Worker::bulk_buffers() {
    return impl_->bulk_buffers;
}
DeadlineWheel& Worker::deadlines() {
    return impl_->wheel;
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
    post([this] {
        impl_->stopping = true;
        impl_->io.stop();
    });
}

void Worker::run() {
    current_worker = this;
    {
        const Event event(*this);
        impl_->beat();
        impl_->wait_bell();
    }
    while (!impl_->stopping) {
        try {
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
    if (std::exchange(impl_->turn_end_wanted, true)) return;
    // A posted job stands behind all events that this turn of the reactor has found.
    asio::post(impl_->io, [impl = impl_.get()] { impl->run_hooks(); });
}

void Worker::broadcast(std::uint32_t bits) {
    for (Waiter& waiter : impl_->alive) waiter.set(bits);
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
    impl_->ready.push_back(waiter);
    // Somebody not called by an Event (a coroutine's first stretch): make one.
    if (impl_->events == 0 && !std::exchange(impl_->event_posted, true)) {
        asio::post(impl_->io, [impl = impl_.get()] {
            impl->event_posted = false;
            const Event event(impl->owner);
        });
    }
}

}  // namespace proxyd::net
