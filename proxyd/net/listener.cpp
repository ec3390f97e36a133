#include "proxyd/net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "common/logging.h"
#include "proxyd/net/deadline.h"
#include "proxyd/net/worker.h"

namespace proxyd::net {

namespace {

using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;
using namespace std::chrono_literals;

// One event accepts at most this many, so that established connections get their turn.
constexpr int kMostAtOnce = 64;
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

struct Listener::Core : std::enable_shared_from_this<Listener::Core> {
    Core(Worker& owner, common::UniqueFd socket, Client& receiver)
        : worker(owner),
          client(receiver),
          local(common_local(socket.get())),
          descriptor(owner.executor(), socket.release()),
          pause(owner.deadlines(), [](void* self) { static_cast<Core*>(self)->wait(); }, this) {}

    void wait() {
        if (armed || closed) return;
        armed = true;
        descriptor.async_wait(Descriptor::wait_read,
                              [self = shared_from_this()](boost::system::error_code error) {
                                  self->armed = false;
                                  if (error || self->closed) return;
                                  const Worker::Event event(self->worker);
                                  self->accept_batch();
                              });
    }

    // The wait that follows looks once more whether somebody is there.
    void accept_batch() {
        for (int i = 0; i < share; ++i) {
            if (closed) return;
            if (!client.may_accept()) return;  // resume() goes on
            common::Endpoint peer;
            socklen_t size = common::Endpoint::capacity();
            common::UniqueFd connection(
                ::accept4(descriptor.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!connection) {
                if (is_passing(errno)) continue;
                if (errno != EAGAIN) {
                    complain(errno);
                    pause.set(worker.now() + kPause);
                    return;
                }
                filled = 0;
                share = std::max(i, 1);
                return wait();
            }
            peer.resize(size);
            client.accepted(std::move(connection), peer, local);
        }
        if (++filled >= kFilledToGrow) {
            filled = 0;
            share = std::min(2 * share, kMostAtOnce);
        }
        wait();
    }

    void complain(int error) {
        if (worker.now() < next_complaint) return;
        next_complaint = worker.now() + 10s;
        common::log::alert("cannot accept connections for now: {}", std::generic_category().message(error));
    }

    Worker& worker;
    Client& client;
    const common::Endpoint local;
    Descriptor descriptor;
    Deadline pause;
    common::TimePoint next_complaint{};
    int share = 1;   // connections per event
    int filled = 0;  // times in a row that the share was used up
    bool armed = false;
    bool closed = false;
};

Listener::Listener(Worker& worker, common::UniqueFd socket, Client& client)
    : core_(std::make_shared<Core>(worker, std::move(socket), client)) {
    ::fcntl(fd(), F_SETFL, ::fcntl(fd(), F_GETFL) | O_NONBLOCK);
    // Accepted connections inherit these, also from a socket that another program has opened. Not of TCP: no
    // matter.
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd(), IPPROTO_TCP, TCP_INQ, &on, sizeof on);  // see Stream::try_read
}

Listener::~Listener() {
    core_->closed = true;
    core_->pause.clear();
    boost::system::error_code ignored;
    core_->descriptor.close(ignored);
}

void Listener::start() {
    core_->wait();
}
void Listener::resume() {
    if (core_->pause.when() == common::kNever) core_->wait();
}
int Listener::fd() const {
    return core_->descriptor.native_handle();
}

}  // namespace proxyd::net
