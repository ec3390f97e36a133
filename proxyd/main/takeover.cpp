#include "proxyd/main/takeover.h"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "common/blocking_socket.h"
#include "common/control/protocol.h"
#include "common/endpoint.h"
#include "common/process/fd_passing.h"
#include "common/process/pidfd.h"
#include "common/text.h"
#include "proxyd/main/getsocks.h"
#include "proxyd/main/version.h"

namespace proxyd::main {
namespace {

using common::fail;
using common::fail_errno;
using common::Result;
using common::UniqueFd;
namespace control = common::control;

constexpr auto kPatience = std::chrono::seconds(2);

std::vector<int> socket_descriptors(pid_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), ::closedir);
    std::vector<int> numbers;
    if (!listing) return numbers;
    while (const dirent* entry = ::readdir(listing.get())) {
        const auto number = common::parse_number(entry->d_name, 0, 1 << 30);
        char target[16] = {};
        if (!number || ::readlink((folder + "/" + entry->d_name).c_str(), target, sizeof target - 1) < 0)
            continue;
        if (std::string_view(target).starts_with("socket:")) numbers.push_back(static_cast<int>(*number));
    }
    return numbers;
}

// The workers of a master: HAProxy's master, which the pid file names, holds no listening socket itself.
std::vector<pid_t> with_children(std::span<const pid_t> pids) {
    std::vector<pid_t> all(pids.begin(), pids.end());
    for (const pid_t pid : pids) {
        const std::string process = std::to_string(pid);
        std::ifstream children("/proc/" + process + "/task/" + process + "/children");
        for (pid_t child; children >> child;) all.push_back(child);
    }
    return all;
}

// A short conversation with the old process over its control socket, blocking with a time limit.
class ControlConversation {
 public:
    explicit ControlConversation(int fd) : fd_(fd) {}

    Result<> send(const control::Message& message) {
        const std::string line = control::encode(message);
        if (::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size()))
            return {};
        return fail_errno("cannot ask the old process");
    }

    // The next message of type T; descriptors that come along are collected.
    template <class T>
    Result<T> await() {
        while (true) {
            while (const auto line = reader_.next()) {
                auto message = control::decode(*line);
                if (!message) return std::unexpected(message.error());
                if (T* wanted = std::get_if<T>(&*message)) return std::move(*wanted);
            }
            if (auto read = fill(); !read) return std::unexpected(read.error());
        }
    }

    std::vector<UniqueFd> fds;

 private:
    Result<> fill() {
        const std::span<char> space = reader_.prepare();
        auto received = common::process::receive_fds(fd_, space.size());
        if (!received) return std::unexpected(received.error());
        if (received->data.empty()) return fail("the old process closed its control socket");
        std::copy(received->data.begin(), received->data.end(), space.begin());
        reader_.commit(received->data.size());
        for (UniqueFd& fd : received->fds) fds.push_back(std::move(fd));
        return {};
    }

    int fd_;
    control::LineReader reader_{control::kMaxReplyLine};
};

control::Hello our_hello() {
    return {control::kProtocolVersion, "proxyd", std::string(kVersion), ::getpid(), 0};
}

// True when it spoke for one of the predecessors; their sockets then came too, with the control listener
// among them.
Result<bool> ask_control_socket(const TakeoverPlan& plan, Takeover& takeover) {
    auto connection = common::connect_unix(plan.control_path, kPatience);
    if (!connection) return std::unexpected(connection.error());
    ControlConversation talk(connection->get());
    if (auto sent = talk.send(our_hello()); !sent) return std::unexpected(sent.error());
    const auto hello = talk.await<control::Hello>();
    if (!hello) return std::unexpected(hello.error());
    if (std::ranges::find(plan.predecessors, hello->pid) == plan.predecessors.end()) return false;
    if (auto sent = talk.send(control::Request{1, std::string(kSocketsCommand), {}}); !sent) {
        return std::unexpected(sent.error());
    }
    for (bool more = true; more;) {
        const auto response = talk.await<control::Response>();
        if (!response) return std::unexpected(response.error());
        if (!response->error.empty()) return fail(response->error);
        const auto* result = response->result.if_object();
        more = result && result->if_contains("more") && result->at("more") == true;
        const auto* keys = result ? result->if_contains("ticket_keys") : nullptr;
        if (keys && keys->is_string()) takeover.ticket_keys = keys_from_text(keys->get_string());
    }
    const std::string control_key =
        socket_key(common::Endpoint::from_unix(plan.control_path).value(), "", false);
    for (UniqueFd& fd : talk.fds) {
        if (socket_key(fd.get()) == control_key)
            takeover.control_listener = std::move(fd);
        else
            takeover.pool.add(std::move(fd));
    }
    takeover.control_connection = std::move(*connection);
    return true;
}

}  // namespace

Result<std::vector<UniqueFd>> steal_sockets(pid_t pid) {
    const auto pidfd = common::process::pidfd_open(pid);
    if (!pidfd) return std::unexpected(pidfd.error());
    std::vector<UniqueFd> sockets;
    for (const int number : socket_descriptors(pid)) {
        auto copy = common::process::pidfd_getfd(*pidfd, number);
        if (!copy && copy.error().code == EPERM) return std::unexpected(copy.error());
        if (copy && !socket_key(copy->get()).empty()) sockets.push_back(std::move(*copy));
    }
    return sockets;
}

Result<Takeover> take_over(const TakeoverPlan& plan) {
    Takeover takeover;
    if (!plan.stats_path.empty()) {
        auto sockets = request_sockets(plan.stats_path, kPatience);
        if (!sockets) return fail("-x: " + sockets.error().text);
        for (UniqueFd& fd : *sockets) takeover.pool.add(std::move(fd));
    }
    if (plan.predecessors.empty()) return takeover;
    const auto spoke = ask_control_socket(plan, takeover);
    if (spoke && *spoke) return takeover;

    bool complete = true;
    for (const pid_t pid : with_children(plan.predecessors)) {
        auto sockets = steal_sockets(pid);
        if (!sockets && sockets.error().code == ESRCH) continue;  // gone already
        if (!sockets) {
            complete = false;
            takeover.notices.push_back("listening sockets of process " + std::to_string(pid) +
                                       " could not be taken over: " + sockets.error().text);
            continue;
        }
        for (UniqueFd& fd : *sockets) takeover.pool.add(std::move(fd));
    }
    if (complete || !takeover.pool.empty()) return takeover;
    for (const std::string& path : plan.stats_sockets) {
        auto sockets = request_sockets(path, kPatience);
        if (!sockets) continue;
        for (UniqueFd& fd : *sockets) takeover.pool.add(std::move(fd));
        return takeover;
    }
    takeover.notices.push_back(
        "binding anew: connections that wait in the old process's sockets may be lost");
    return takeover;
}

void announce_successor(Takeover& takeover) {
    if (!takeover.control_connection) return;
    ControlConversation talk(takeover.control_connection.get());
    if (talk.send(control::Request{2, std::string(kSuccessorCommand), {}}))
        (void)talk.await<control::Response>();
    takeover.control_connection.reset();
}

}  // namespace proxyd::main
