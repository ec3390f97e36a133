#include "proxyd/net/listener.h"

#include <fcntl.h>
#include <sys/socket.h>

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
constexpr int kBatch = 64;
// How long to leave a listener alone when the process or the system is out of descriptors or memory.
constexpr auto kPause = 100ms;

// The connection went away or the network had a hiccup: accept(2) says to try again.
bool is_passing(int error) {
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
           error == ENOPROTOOPT || error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH ||
           error == EOPNOTSUPP || error == ENETUNREACH || error == EPERM;
}

}  // namespace

struct Listener::Core : std::enable_shared_from_this<Listener::Core> {
    Core(Worker& owner, common::UniqueFd socket, Client& receiver)
        : worker(owner),
          client(receiver),
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

    void accept_batch() {
        for (int i = 0; i < kBatch && !closed; ++i) {
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
                break;
            }
            peer.resize(size);
            client.accepted(std::move(connection), peer);
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
    Descriptor descriptor;
    Deadline pause;
    common::TimePoint next_complaint{};
    bool armed = false;
    bool closed = false;
};

Listener::Listener(Worker& worker, common::UniqueFd socket, Client& client)
    : core_(std::make_shared<Core>(worker, std::move(socket), client)) {
    ::fcntl(fd(), F_SETFL, ::fcntl(fd(), F_GETFL) | O_NONBLOCK);
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
