#include "common/process/helper_process.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "common/process/helper_loop.h"

namespace common::process {

Result<HelperProcess> HelperProcess::start(const char* name, std::span<const HelperTask> tasks,
                                           const std::function<void()>& forget) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
        return fail_errno("cannot create the helper's socket pair");
    }
    HelperProcess helper;
    helper.socket_ = UniqueFd(ends[0]);
    UniqueFd theirs(ends[1]);
    helper.pid_ = ::fork();
    if (helper.pid_ < 0) return fail_errno("cannot fork the helper process");
    if (helper.pid_ == 0 && forget) forget();
    if (helper.pid_ == 0) run_helper(name, std::move(theirs), tasks);
    return helper;
}

Result<> HelperProcess::send(const std::string& bytes) {
    if (bytes.size() > kMaxHelperMessage) return fail("the command is too long");
    if (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
        return fail_errno("the helper process does not take the job");
    }
    return {};
}

Result<> HelperProcess::submit(const HelperJob& job) {
    std::string bytes = encode(job);
    auto sent = send(bytes);
    if (sent) open_[job.id] = {std::move(bytes), false};
    return sent;
}

Result<> HelperProcess::cancel(std::uint64_t id) {
    return send(encode(HelperCancel{id}));
}

// In the order in which they came, which the order of their ids is to every caller.
void HelperProcess::submit_again() {
    ++restarts_;
    (void)send(encode(kNewStart));  // else the helper is dead again, and its successor asks again
    for (auto job = open_.begin(); job != open_.end();) {
        const auto sent =
            job->second.again ? fail("the helper process died twice over it") : send(job->second.bytes);
        if (sent) {
            job->second.again = true;
            ++job;
            continue;
        }
        events_.push_back({job->first, HelperEvent::Kind::not_run, 0, sent.error().text});
        job = open_.erase(job);
    }
}

Result<std::optional<HelperEvent>> HelperProcess::receive() {
    for (;;) {
        if (!events_.empty()) {
            HelperEvent event = std::move(events_.front());
            events_.pop_front();
            return event;
        }
        std::array<char, kMaxHelperMessage> buffer;
        const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::optional<HelperEvent>();
        if (size <= 0) return fail("the helper process has ended");
        auto event = decode_event({buffer.data(), static_cast<std::size_t>(size)});
        if (event && event->kind == HelperEvent::Kind::restarted) {
            submit_again();
            continue;
        }
        if (event && event->final()) open_.erase(event->id);
        return event;
    }
}

}  // namespace common::process
