#include "proxyd/upstream/program_runner.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "common/process/helper_process.h"
#include "common/unique_fd.h"

namespace proxyd::upstream {

namespace {

using common::process::HelperEvent;
using common::process::HelperJob;
using common::process::HelperProcess;

}  // namespace

struct ProgramRunner::Impl {
    struct Running {
        Done done;
        bool timed_out = false;
    };

    void serve();
    void submit_new();
    void take_events();
    void finish(const HelperEvent& event);

    std::optional<HelperProcess> helper;
    common::UniqueFd wake_event;
    std::mutex mutex;  // of `fresh`
    std::vector<std::pair<HelperJob, Done>> fresh;
    std::map<std::uint64_t, Running> running;
    std::uint64_t last_id = 0;
    std::atomic<bool> stopping{false};
    std::thread thread;
};

void ProgramRunner::Impl::serve() {
    while (!stopping) {
        std::array<pollfd, 2> polled{{{helper->fd(), POLLIN, 0}, {wake_event.get(), POLLIN, 0}}};
        ::poll(polled.data(), polled.size(), -1);
        std::uint64_t times = 0;
        if (polled[1].revents != 0) (void)::read(wake_event.get(), &times, sizeof times);
        submit_new();
        take_events();
    }
}

void ProgramRunner::Impl::submit_new() {
    std::vector<std::pair<HelperJob, Done>> taken;
    {
        const std::lock_guard lock(mutex);
        taken.swap(fresh);
    }
    for (auto& [job, done] : taken) {
        job.id = ++last_id;
        if (const auto sent = helper->submit(job); sent)
            running.emplace(job.id, Running{std::move(done)});
        else
            done({.text = sent.error().text});
    }
}

void ProgramRunner::Impl::take_events() {
    for (;;) {
        auto event = helper->receive();
        if (!event || !*event) {
            if (!event) stopping = true;  // the helper is gone for good; checks time out
            return;
        }
        finish(**event);
    }
}

void ProgramRunner::Impl::finish(const HelperEvent& event) {
    const auto entry = running.find(event.id);
    if (entry == running.end()) return;
    if (!event.final()) {
        entry->second.timed_out = true;
        return;
    }
    ProgramResult result;
    result.started = event.kind != HelperEvent::Kind::not_run;
    result.timed_out = entry->second.timed_out;
    result.status = event.kind == HelperEvent::Kind::signalled ? 128 + event.status : event.status;
    result.text = event.text;
    const Done done = std::move(entry->second.done);
    running.erase(entry);
    done(std::move(result));
}

ProgramRunner::ProgramRunner() : impl_(std::make_unique<Impl>()) {}
ProgramRunner::~ProgramRunner() {
    stop();
}

common::Result<> ProgramRunner::fork_helper() {
    auto helper = HelperProcess::start("proxyd-check");
    if (!helper) return std::unexpected(helper.error());
    impl_->helper = std::move(*helper);
    impl_->wake_event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return {};
}

void ProgramRunner::start() {
    if (impl_->helper && !impl_->thread.joinable()) impl_->thread = std::thread([this] { impl_->serve(); });
}

void ProgramRunner::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    const std::uint64_t one = 1;
    (void)!::write(impl_->wake_event.get(), &one, sizeof one);
    impl_->thread.join();
}

void ProgramRunner::run(HelperJob job, Done done) {
    if (::geteuid() != 0) {
        job.uid = ::geteuid();
        job.gid = ::getegid();
    }
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->fresh.emplace_back(std::move(job), std::move(done));
    }
    const std::uint64_t one = 1;
    (void)!::write(impl_->wake_event.get(), &one, sizeof one);
}

}  // namespace proxyd::upstream
