#include "common/process/helper_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "common/clock.h"
#include "common/process/signals.h"

namespace common::process {
namespace {

constexpr auto kKillAfter = std::chrono::seconds(2);  // from SIGTERM to SIGKILL

struct Child {
    std::uint64_t id;
    UniqueFd report;         // read at the end
    TimePoint due = kNever;  // of the next signal
    int next_signal = SIGTERM;
    std::string queue;
    TimePoint patience_ends = kNever;
};

class Loop {
 public:
    // `restarted`: another one died in this place.
    Loop(UniqueFd socket, SignalReader signals, std::span<const HelperTask> tasks, bool restarted)
        : socket_(std::move(socket)),
          signals_(std::move(signals)),
          tasks_(tasks),
          waits_for_new_start_(restarted) {}

    // Until the daemon is gone and the last job over.
    void run() {
        if (waits_for_new_start_) tell({0, HelperEvent::Kind::restarted, 0, {}});
        while (socket_ || !children_.empty()) {
            std::array<pollfd, 2> waits{{{signals_.fd(), POLLIN, 0}, {socket_.get(), POLLIN, 0}}};
            ::poll(waits.data(), waits.size(), wait_time());  // a negative descriptor is skipped
            if (waits[1].revents) receive();
            while (signals_.next()) {
            }
            reap();
            signal_overdue();
        }
    }

 private:
    void receive();
    void accept(HelperJob job);
    void start(const HelperJob& job);
    void start_next(const std::string& queue);
    void cancel(std::uint64_t id);
    void reap();
    void finish(Child& child, int status);
    void signal_overdue();
    int wait_time() const;

    void tell(const HelperEvent& event) {
        const std::string bytes = encode(event);
        // Waits when the daemon is slow to read: losing a result would stop that script for good.
        while (socket_ && ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
            if (errno != EAGAIN && errno != EINTR) return socket_.reset();
            pollfd room{socket_.get(), POLLOUT, 0};
            ::poll(&room, 1, -1);
        }
    }

    UniqueFd socket_;
    SignalReader signals_;
    std::span<const HelperTask> tasks_;
    bool waits_for_new_start_;
    std::map<pid_t, Child> children_;
    std::map<std::string, std::deque<HelperJob>> queues_;  // an entry exists while one of its jobs runs
};

int Loop::wait_time() const {
    TimePoint first = kNever;
    for (const auto& [pid, child] : children_) first = std::min(first, child.due);
    if (first == kNever) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Loop::receive() {
    std::array<char, kMaxHelperMessage> buffer;
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return socket_.reset();  // the daemon is gone
    const HelperRequest request = decode_request({buffer.data(), static_cast<std::size_t>(size)});
    // What was on its way to the one that died comes again behind the answer to our news.
    if (std::exchange(waits_for_new_start_, waits_for_new_start_ && !is_new_start(request))) return;
    if (request.job) accept(*request.job);
    if (request.cancel) cancel(request.cancel->id);
}

void Loop::accept(HelperJob job) {
    if (job.queue.empty()) return start(job);
    const auto [queue, idle] = queues_.try_emplace(job.queue);
    if (idle) return start(job);
    queue->second.push_back(std::move(job));
    for (auto& [pid, child] : children_) {
        if (child.queue == queue->first) child.due = std::min(child.due, child.patience_ends);
    }
}

void Loop::start_next(const std::string& queue) {
    const auto found = queues_.find(queue);
    if (found == queues_.end()) return;
    if (found->second.empty()) {
        queues_.erase(found);
        return;
    }
    const HelperJob job = std::move(found->second.front());
    found->second.pop_front();
    start(job);
}

void Loop::cancel(std::uint64_t id) {
    for (auto& [pid, child] : children_) {
        if (child.id != id || child.next_signal != SIGTERM) continue;
        ::kill(-pid, SIGTERM);
        child.next_signal = SIGKILL;
        child.due = Clock::now() + kKillAfter;
    }
}

void Loop::start(const HelperJob& job) {
    int ends[2] = {-1, -1};
    const bool piped = ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
    UniqueFd report(ends[0]), theirs(ends[1]);
    const pid_t pid = piped ? ::fork() : -1;
    if (pid < 0) {
        tell({job.id, HelperEvent::Kind::not_run, 0, fail_errno("cannot fork").error().text});
        return start_next(job.queue);
    }
    if (pid == 0) run_job(job, std::move(theirs), tasks_);
    ::setpgid(pid, pid);  // here too: a signal to the group may come before the child has run

    const TimePoint now = Clock::now();
    Child child{.id = job.id, .report = std::move(report), .queue = job.queue};
    if (job.timeout.count() > 0) child.due = now + job.timeout;
    if (job.patience.count() > 0) child.patience_ends = now + job.patience;
    const auto waiting = queues_.find(job.queue);
    if (waiting != queues_.end() && !waiting->second.empty())
        child.due = std::min(child.due, child.patience_ends);
    children_.emplace(pid, std::move(child));
}

void Loop::reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        const auto found = children_.find(pid);
        if (found == children_.end()) continue;
        Child child = std::move(found->second);
        children_.erase(found);
        finish(child, status);
    }
}

void Loop::finish(Child& child, int status) {
    HelperEvent event{child.id, HelperEvent::Kind::exited, WEXITSTATUS(status), {}};
    if (WIFSIGNALED(status)) {
        event.kind = HelperEvent::Kind::signalled;
        event.status = WTERMSIG(status);
    }
    std::array<char, 4096> text;
    const ssize_t size = ::read(child.report.get(), text.data(), text.size());
    if (size > 0) {
        if (text[0] == kReportNotRun) event.kind = HelperEvent::Kind::not_run;
        event.text.assign(text.data() + 1, static_cast<std::size_t>(size - 1));
    }
    tell(event);
    start_next(child.queue);
}

void Loop::signal_overdue() {
    const TimePoint now = Clock::now();
    for (auto& [pid, child] : children_) {
        if (child.due > now) continue;
        ::kill(-pid, child.next_signal);
        if (child.next_signal == SIGTERM) tell({child.id, HelperEvent::Kind::timed_out, 0, {}});
        child.due = child.next_signal == SIGTERM ? now + kKillAfter : kNever;
        child.next_signal = SIGKILL;
    }
}

constexpr auto kRestartPause = std::chrono::milliseconds(100);  // where one dies as soon as it lives

// Lives through the deaths of helpers; returns in each of them whether it is not the first.
bool outlive_helpers() {
    for (bool again = false;; again = true) {
        const TimePoint begin = Clock::now();
        const pid_t pid = ::fork();
        if (pid == 0) return again;
        int status = 0;
        while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (pid > 0 && WIFEXITED(status)) ::_exit(WEXITSTATUS(status));
        if (Clock::now() - begin < kRestartPause) std::this_thread::sleep_for(kRestartPause);
    }
}

}  // namespace

void run_helper(const char* name, UniqueFd socket, std::span<const HelperTask> tasks) {
    // Signals sent to the daemon's group or name are the daemon's business; the helper follows its socket.
    block_signals();
    name_this_thread(name);
    // Nothing of the daemon's may stay open here: a dead daemon's descriptors must close at once.
    const auto kept = static_cast<unsigned>(socket.get());
    if (kept > 3) ::close_range(3, kept - 1, 0);
    ::close_range(kept + 1, ~0U, 0);
    // The terminal belongs to the daemon: a pipe on its output must see the end when the daemon ends.
    if (const int null = ::open("/dev/null", O_RDWR); null >= 0) {
        for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);
        if (null > 2) ::close(null);
    }
    const bool restarted = outlive_helpers();
    auto signals = SignalReader::open({SIGCHLD});
    if (!signals) ::_exit(1);
    Loop(std::move(socket), std::move(*signals), tasks, restarted).run();
    ::_exit(0);
}

}  // namespace common::process
