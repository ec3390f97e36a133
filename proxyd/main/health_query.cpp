#include "proxyd/main/health_query.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "common/blocking_socket.h"
#include "common/clock.h"
#include "common/control/protocol.h"
#include "proxyd/main/version.h"

namespace proxyd::main {
namespace {

namespace control = common::control;

constexpr auto kPatience = std::chrono::milliseconds(300);  // health comes at once, and every 20 ms
constexpr std::uint32_t kHangMs = 1000;

// The first health message, or nothing within the time.
std::optional<control::Health> await_health(int fd) {
    const auto deadline = common::Clock::now() + kPatience;
    control::LineReader reader(control::kMaxReplyLine);
    while (true) {
        while (const auto line = reader.next()) {
            const auto message = control::decode(*line);
            if (!message) return std::nullopt;
            if (const auto* health = std::get_if<control::Health>(&*message)) return *health;
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - common::Clock::now()).count();
        pollfd item{fd, POLLIN, 0};
        if (left <= 0 || ::poll(&item, 1, static_cast<int>(left)) <= 0) return std::nullopt;
        const std::span<char> space = reader.prepare();
        const ssize_t got = ::recv(fd, space.data(), space.size(), 0);
        if (got <= 0) return std::nullopt;
        reader.commit(static_cast<std::size_t>(got));
    }
}

}  // namespace

int query_health(const std::string& path) {
    const auto fd = common::connect_unix(path, kPatience);
    if (!fd) {
        const bool queue_is_full = fd.error().code == EAGAIN;
        std::printf(queue_is_full ? "the proxy at %s does not answer\n" : "no proxy at %s\n", path.c_str());
        return queue_is_full ? 1 : 2;
    }
    const std::string hello = control::encode(
        control::Hello{control::kProtocolVersion, "health", std::string(kVersion), ::getpid(), 0});
    (void)::send(fd->get(), hello.data(), hello.size(), MSG_NOSIGNAL);
    const auto health = await_health(fd->get());
    if (!health) {
        std::printf("the proxy at %s does not answer\n", path.c_str());
        return 1;
    }
    const auto hung =
        std::ranges::find_if(health->workers, [](const auto& w) { return w.since_turn_ms >= kHangMs; });
    if (hung != health->workers.end()) {
        std::printf("worker %u of the proxy hangs\n", hung->id);
        return 1;
    }
    std::printf("%s, %u of %u listeners up\n", std::string(control::name_of(health->state)).c_str(),
                health->listeners_up, health->listeners_total);
    return health->state == control::ProxyState::ready ? 0 : 1;
}

}  // namespace proxyd::main
