#include "proxyd/main/getsocks.h"

#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "common/blocking_socket.h"
#include "common/process/fd_passing.h"

namespace proxyd::main {
namespace {

using common::fail;
using common::fail_errno;
using common::Result;
using common::UniqueFd;

constexpr std::size_t kBatch = 252;      // HAProxy's MAX_SEND_FD
constexpr int kMostSockets = 1'000'000;  // more is no number of sockets but another protocol
constexpr std::size_t kMessageBytes = kBatch * (2 + 255 + 255 + sizeof(int));

Result<int> receive_int(int fd) {
    int value = 0;
    const ssize_t got = ::recv(fd, &value, sizeof value, MSG_WAITALL);
    if (got == sizeof value) return value;
    return got < 0 ? Result<int>(fail_errno("no answer from the old process"))
                   : Result<int>(fail("the old process closed the connection"));
}

// Our sockets live in one network namespace; its name is left empty.
void append_record(std::string& out, int socket) {
    std::array<char, IFNAMSIZ> interface{};
    socklen_t size = interface.size();
    if (::getsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, interface.data(), &size) < 0) interface[0] = '\0';
    const std::size_t length = ::strnlen(interface.data(), interface.size());
    out.push_back('\0');
    out.push_back(static_cast<char>(length));
    out.append(interface.data(), length);
    out.append(sizeof(int), '\0');
}

}  // namespace

Result<std::vector<UniqueFd>> request_sockets(const std::string& path, common::Duration timeout) {
    const auto old_process = common::connect_unix(path, timeout);
    if (!old_process) return std::unexpected(old_process.error());
    const int connection = old_process->get();
    constexpr std::string_view kCommand = "_getsocks\n";
    if (::send(connection, kCommand.data(), kCommand.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(kCommand.size())) {
        return fail_errno("cannot ask the old process");
    }
    const auto count = receive_int(connection);
    if (!count) return std::unexpected(count.error());
    if (*count < 0 || *count > kMostSockets) {
        return fail(
            path +
            " does not hand sockets over; its stats socket needs 'expose-fd listeners' and 'level admin'");
    }
    std::vector<UniqueFd> sockets;
    while (sockets.size() < static_cast<std::size_t>(*count)) {
        auto received = common::process::receive_fds(connection, kMessageBytes);
        if (!received) return std::unexpected(received.error());
        if (received->fds.empty()) return fail("the old process handed over fewer sockets than it said");
        for (UniqueFd& fd : received->fds) sockets.push_back(std::move(fd));
        const int so_far = static_cast<int>(sockets.size());
        // After the last message the other side may be gone already.
        (void)::send(connection, &so_far, sizeof so_far, MSG_NOSIGNAL);
    }
    return sockets;
}

Result<> serve_sockets(int connection, std::span<const int> sockets, common::Duration timeout) {
    common::limit_blocking(connection, timeout);
    const int count = static_cast<int>(sockets.size());
    if (::send(connection, &count, sizeof count, MSG_NOSIGNAL) != sizeof count)
        return fail_errno("cannot send sockets");
    while (!sockets.empty()) {
        const auto batch = sockets.first(std::min(kBatch, sockets.size()));
        sockets = sockets.subspan(batch.size());
        std::string records;
        for (const int socket : batch) append_record(records, socket);
        if (auto sent = common::process::send_fds(connection, records, batch); !sent) return sent;
        if (sockets.empty()) break;
        if (auto acknowledged = receive_int(connection); !acknowledged)
            return std::unexpected(acknowledged.error());
    }
    return {};
}

}  // namespace proxyd::main
