#include "common/process/fd_passing.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

namespace common::process {

namespace {

Result<std::size_t> send_message(int socket, std::string_view data, std::span<const int> fds, int flags) {
    if (fds.size() > kMaxFdsPerMessage) return fail("too many descriptors for one message");
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFdsPerMessage)] = {};
    iovec piece{const_cast<char*>(data.data()), data.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
    }
    ssize_t sent;
    while ((sent = ::sendmsg(socket, &message, flags | MSG_NOSIGNAL)) < 0 && errno == EINTR) {
    }
    if (sent < 0) return fail_errno("cannot send");
    return static_cast<std::size_t>(sent);
}

}  // namespace

Result<> send_fds(int socket, std::string_view data, std::span<const int> fds) {
    while (!data.empty()) {
        const auto sent = send_message(socket, data, fds, 0);
        if (!sent) return std::unexpected(sent.error());
        data.remove_prefix(*sent);
        fds = {};
    }
    return {};
}

Result<std::size_t> send_some_with_fds(int socket, std::string_view data, std::span<const int> fds) {
    return send_message(socket, data, fds, MSG_DONTWAIT);
}

Result<ReceivedFds> receive_fds(int socket, std::size_t capacity) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFdsPerMessage)];
    ReceivedFds received;
    received.data.resize(capacity);
    iovec piece{received.data.data(), capacity};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got;
    while ((got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    if (got < 0) return fail_errno("cannot receive descriptors");
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            received.fds.emplace_back(fd);
        }
    }
    if (message.msg_flags & MSG_CTRUNC) return fail("received more descriptors than fit");
    received.data.resize(static_cast<std::size_t>(got));
    return received;
}

}  // namespace common::process
