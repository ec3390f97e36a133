#include "vrrpd/io/process_events.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace vrrpd::io {
namespace {

constexpr int kMostDatagrams = 64;       // per receive()
constexpr int kReceiveBuffer = 1 << 20;  // a burst of forks; CAP_NET_ADMIN may exceed rmem_max
constexpr int kAnswerTime = 1000;        // milliseconds the kernel gets to acknowledge

template <class Value>
std::optional<Value> read_at(std::span<const std::byte> bytes, std::size_t at) {
    if (bytes.size() < at + sizeof(Value)) return std::nullopt;
    Value value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// The event in one netlink message; the kernel's structures have grown over time, so no more than the common
// beginning is asked for.
std::optional<proc_event> event_of(std::span<const std::byte> message) {
    const auto id = read_at<cb_id>(message, offsetof(cn_msg, id));
    if (!id || id->idx != CN_IDX_PROC || id->val != CN_VAL_PROC || message.size() < sizeof(cn_msg))
        return std::nullopt;
    const auto body = message.subspan(sizeof(cn_msg));
    constexpr std::size_t kLeast = offsetof(proc_event, event_data);
    if (body.size() < kLeast) return std::nullopt;
    proc_event event{};
    std::memcpy(static_cast<void*>(&event), body.data(), std::min(body.size(), sizeof event));
    return event;
}

std::optional<ProcessEvent> translate(const proc_event& event) {
    using Kind = ProcessEvent::Kind;
    const auto& data = event.event_data;
    switch (event.what) {
        case proc_event::PROC_EVENT_FORK:
            if (data.fork.child_pid != data.fork.child_tgid) return std::nullopt;
            return ProcessEvent{Kind::changed, data.fork.child_tgid};
        case proc_event::PROC_EVENT_EXEC:
            return ProcessEvent{Kind::changed, data.exec.process_tgid};
        case proc_event::PROC_EVENT_COMM:
            if (data.comm.process_pid != data.comm.process_tgid) return std::nullopt;
            return ProcessEvent{Kind::changed, data.comm.process_tgid};
        case proc_event::PROC_EVENT_EXIT:
            if (data.exit.process_pid != data.exit.process_tgid) return std::nullopt;
            return ProcessEvent{Kind::ended, data.exit.process_tgid};
        default:
            return std::nullopt;
    }
}

common::Result<> subscribe(int fd) {
    alignas(nlmsghdr) std::array<std::byte, sizeof(nlmsghdr) + sizeof(cn_msg) + sizeof(proc_cn_mcast_op)>
        bytes{};
    nlmsghdr netlink{};
    netlink.nlmsg_len = static_cast<__u32>(bytes.size());
    netlink.nlmsg_type = NLMSG_DONE;
    netlink.nlmsg_pid = 0;
    cn_msg connector{};
    connector.id = {CN_IDX_PROC, CN_VAL_PROC};
    connector.len = sizeof(proc_cn_mcast_op);
    const proc_cn_mcast_op operation = PROC_CN_MCAST_LISTEN;
    std::memcpy(bytes.data(), &netlink, sizeof netlink);
    std::memcpy(bytes.data() + sizeof netlink, &connector, sizeof connector);
    std::memcpy(bytes.data() + sizeof netlink + sizeof connector, &operation, sizeof operation);
    if (::send(fd, bytes.data(), bytes.size(), 0) < 0) return common::fail_errno("not served here");
    return {};
}

// What the kernel says to the subscription: without an answer there will be no events (another process
// namespace is refused by silence in old kernels).
common::Result<> wait_for_answer(int fd) {
    pollfd ready{fd, POLLIN, 0};
    std::array<std::byte, 4096> buffer;
    for (int round = 0; round < kMostDatagrams; ++round) {
        if (::poll(&ready, 1, kAnswerTime) <= 0) return common::fail("no answer to the subscription");
        const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (size < 0) return common::fail_errno("no answer to the subscription");
        const std::span<const std::byte> datagram(buffer.data(), static_cast<std::size_t>(size));
        if (datagram.size() < sizeof(nlmsghdr)) continue;
        const auto event = event_of(datagram.subspan(sizeof(nlmsghdr)));
        if (!event) continue;
        if (event->what != proc_event::PROC_EVENT_NONE) return {};  // events flow already
        const auto refused = static_cast<int>(event->event_data.ack.err);
        if (refused != 0) return common::fail_errno("refused", refused);
        return {};
    }
    return common::fail("no answer to the subscription");
}

}  // namespace

std::vector<ProcessEvent> decode_process_events(std::span<const std::byte> datagram) {
    std::vector<ProcessEvent> out;
    while (true) {
        const auto header = read_at<nlmsghdr>(datagram, 0);
        if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > datagram.size())
            return out;
        if (header->nlmsg_type == NLMSG_OVERRUN) out.push_back({});
        if (const auto event =
                event_of(datagram.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr)))) {
            if (const auto news = translate(*event)) out.push_back(*news);
        }
        const std::size_t step = NLMSG_ALIGN(header->nlmsg_len);
        if (step >= datagram.size()) return out;
        datagram = datagram.subspan(step);
    }
}

common::Result<ProcessEvents> ProcessEvents::open() {
    ProcessEvents events;
    events.fd_.reset(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_CONNECTOR));
    if (!events.fd_) return common::fail_errno("not served here");
    ::setsockopt(events.fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = CN_IDX_PROC;
    if (::bind(events.fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return common::fail_errno("not served here");
    if (auto done = subscribe(events.fd_.get()); !done) return std::unexpected(done.error());
    if (auto done = wait_for_answer(events.fd_.get()); !done) return std::unexpected(done.error());
    return events;
}

std::vector<ProcessEvent> ProcessEvents::receive() {
    std::vector<ProcessEvent> out;
    std::array<std::byte, 4096> buffer;
    for (int round = 0; round < kMostDatagrams; ++round) {
        sockaddr_nl sender{};
        socklen_t size_of_sender = sizeof sender;
        const ssize_t size = ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0,
                                        reinterpret_cast<sockaddr*>(&sender), &size_of_sender);
        if (size < 0 && errno == ENOBUFS) {
            out.push_back({});
            continue;
        }
        if (size <= 0) break;
        if (sender.nl_pid != 0) continue;  // not the kernel
        const auto more = decode_process_events({buffer.data(), static_cast<std::size_t>(size)});
        out.insert(out.end(), more.begin(), more.end());
    }
    return out;
}

}  // namespace vrrpd::io
