#include "proxyd/net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/logging.h"
#include "proxyd/net/deadline.h"
#include "proxyd/net/reactor.h"
#include "proxyd/net/worker.h"

namespace proxyd::net {

namespace {

using namespace std::chrono_literals;

// The share grows when it was filled this often in a row: whoever accepts until nobody is left pays for a
// call in vain each time, which costs as much as a good one.
constexpr int kFilledToGrow = 4;
// How long to leave a listener alone when the process or the system is out of descriptors or memory.
constexpr auto kPause = 100ms;

// The connection went away or the network had a hiccup: accept(2) says to try again.
bool is_passing(int error) {
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
           error == ENOPROTOOPT || error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH ||
           error == EOPNOTSUPP || error == ENETUNREACH || error == EPERM;
}

// The address of every connection that comes in, or empty when they differ.
common::Endpoint common_local(int fd) {
    common::Endpoint name;
    socklen_t size = common::Endpoint::capacity();
    if (::getsockname(fd, name.data(), &size) != 0) return {};
    name.resize(size);
    const bool v6 = name.family() == AF_INET6;
    const bool one = v6 ? !IN6_IS_ADDR_UNSPECIFIED(&name.v6().sin6_addr)
                        : name.family() == AF_INET && name.v4().sin_addr.s_addr != INADDR_ANY;
    int foreign = 0;  // a transparent listener also gets what was sent elsewhere
    socklen_t length = sizeof foreign;
    const int asked = v6 ? ::getsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &foreign, &length)
                         : ::getsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &foreign, &length);
    return one && asked == 0 && foreign == 0 ? name : common::Endpoint();
}

}  // namespace

// Level-triggered: who waits is announced again in each turn, without a call. Of several processes that share
// the socket one is woken (EPOLLEXCLUSIVE).
struct Listener::Core final : Reactor::Member {
    Core(Worker& owner, common::UniqueFd fd, Client& receiver)
        : worker(owner),
          client(receiver),
          local(common_local(fd.get())),
          socket(std::move(fd)),
          pause(owner.deadlines(), [](void* self) { static_cast<Core*>(self)->listen(true); }, this) {}
    ~Core() { listen(false); }

    void listen(bool on) {
        if (std::exchange(listening, on) == on) return;
        if (on) {
            worker.reactor().add(socket.get(), EPOLLIN | EPOLLEXCLUSIVE, *this);
        } else {
            worker.reactor().remove(socket.get(), *this);
        }
    }

    void on_events(std::uint32_t) override {
        for (int i = 0; i < share; ++i) {
            if (!client.may_accept()) return listen(false);  // resume() goes on
            common::Endpoint peer;
            socklen_t size = common::Endpoint::capacity();
            // As in stream.cpp, without the C library's cancellation point.
            common::UniqueFd connection(static_cast<int>(
                ::syscall(SYS_accept4, socket.get(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)));
            if (!connection) {
                if (is_passing(errno)) continue;
                filled = 0;
                share = std::max(i, 1);
                return errno == EAGAIN ? void() : fail(errno);
            }
            peer.resize(size);
            client.accepted(std::move(connection), peer, local);
        }
        if (++filled < kFilledToGrow) return;
        filled = 0;
        share = std::min(2 * share, most_at_once);
    }

    void fail(int error) {
        complain(error);
        listen(false);
        pause.set(worker.now() + kPause);
    }

    void complain(int error) {
        if (worker.now() < next_complaint) return;
        next_complaint = worker.now() + 10s;
        common::log::alert("cannot accept connections for now: {}", std::generic_category().message(error));
    }

    Worker& worker;
    Client& client;
    const common::Endpoint local;
    const common::UniqueFd socket;
    Deadline pause;
    common::TimePoint next_complaint{};
    int share = 1;  // connections per event
    int most_at_once = 1;
    int filled = 0;  // times in a row that the share was used up
    bool listening = false;
};

Listener::Listener(Worker& worker, common::UniqueFd socket, Client& client)
    : core_(std::make_unique<Core>(worker, std::move(socket), client)) {
    ::fcntl(fd(), F_SETFL, ::fcntl(fd(), F_GETFL) | O_NONBLOCK);
    // Accepted connections inherit it, also from a socket that another program has opened. Not of TCP: no
    // matter.
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Listener::~Listener() = default;

void Listener::start(int most_at_once) {
    core_->most_at_once = std::max(most_at_once, 1);
    core_->listen(true);
}
void Listener::resume() {
    if (core_->pause.when() == common::kNever) core_->listen(true);
}
int Listener::fd() const {
    return core_->socket.get();
}

}  // namespace proxyd::net
