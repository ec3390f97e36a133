#include "proxyd/net/stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "proxyd/net/layer.h"
#include "proxyd/net/pipe.h"
#include "proxyd/net/reset_on_close.h"
#include "proxyd/net/tls_session.h"
#include "proxyd/net/watch.h"
#include "proxyd/net/worker.h"

namespace proxyd::net {

namespace {

// A socket's name in few bytes, as every idle connection holds two. Longer ones (Unix paths) are asked for
// each time.
struct SocketName {
    using Ask = int (*)(int, sockaddr*, socklen_t*);

    common::Endpoint get(int fd, Ask ask) {
        if (size_ > 0) return {reinterpret_cast<const sockaddr*>(bytes_), size_};
        common::Endpoint name;
        socklen_t size = common::Endpoint::capacity();
        if (fd < 0 || ask(fd, name.data(), &size) != 0) return {};
        name.resize(size);
        keep(name);
        return name;
    }
    void keep(const common::Endpoint& name) {
        if (name.size() > sizeof bytes_) return;
        size_ = static_cast<std::uint8_t>(name.size());
        std::memcpy(bytes_, name.data(), size_);
    }

 private:
    alignas(sockaddr_in6) std::byte bytes_[sizeof(sockaddr_in6)];
    std::uint8_t size_ = 0;  // 0: not known yet
};

// The C library makes these calls cancellation points, two locked operations each; nobody cancels our
// threads.
ssize_t receive_bytes(int fd, std::span<char> into) {
    return ::syscall(SYS_recvfrom, fd, into.data(), into.size(), 0, nullptr, nullptr);
}
ssize_t send_bytes(int fd, std::span<const char> data, int flags) {
    return ::syscall(SYS_sendto, fd, data.data(), data.size(), flags, nullptr, 0);
}

IoResult failed(int error) {
    // EINPROGRESS: of a first write that made the connection (TCP_FASTOPEN_CONNECT) and had no cookie.
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS)
        return {IoResult::Kind::would_block, 0, 0};
    return {IoResult::Kind::error, 0, error};
}

}  // namespace

struct Stream::Core final : Watch, Transport {
    using Watch::Watch;

    void on_ready(bool output) override {
        if (waiter) {
            waiter->set(output ? out : in);
        } else {
            disturbed = true;
        }
    }

    // What would have blocked tells the watch that the next edge is still to come.
    IoResult receive(std::span<char> into) override;
    IoResult send(std::span<const char> data, bool more) override;
    IoResult send(const msghdr& message, bool more);
    IoResult sent(ssize_t count);

    Waiter* waiter = nullptr;
    Waiter::Bits in = 0, out = 0;
    bool disturbed = false;
    SocketName peer, local;
};

IoResult Stream::Core::receive(std::span<char> into) {
    ssize_t count = 0;
    do {
        count = receive_bytes(fd(), into);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        if (errno == EAGAIN) drained();
        return failed(errno);
    }
    if (count == 0) return {IoResult::Kind::end, 0, 0};
    if (static_cast<std::size_t>(count) < into.size()) drained();
    return {IoResult::Kind::ok, static_cast<std::size_t>(count), 0};
}

Stream::Stream() noexcept = default;
Stream::Stream(Worker& worker, int fd) : core_(std::make_unique<Core>(worker, fd)) {}
Stream::Stream(Worker& worker, int fd, const common::Endpoint& peer, const common::Endpoint& local)
    : Stream(worker, fd) {
    core_->peer.keep(peer);
    core_->local.keep(local);
}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
    if (this != &other) {
        close();
        core_ = std::move(other.core_);
        tls_ = std::move(other.tls_);
        layer_ = std::move(other.layer_);
    }
    return *this;
}
Stream::~Stream() {
    close();
}

bool Stream::open() const {
    return core_ && core_->fd() >= 0;
}
int Stream::fd() const {
    return core_ ? core_->fd() : -1;
}

void Stream::attach(Waiter& waiter, Waiter::Bits in, Waiter::Bits out) {
    core_->waiter = &waiter;
    core_->in = in;
    core_->out = out;
    if (std::exchange(core_->disturbed, false)) waiter.set(in);
}

void Stream::detach() {
    if (core_) core_->waiter = nullptr;
}

void Stream::arm_read() {
    if (core_) core_->arm_input();
}
void Stream::arm_read_late() {
    if (core_) core_->arm_input_late();
}
void Stream::arm_write() {
    if (core_) core_->arm_output();
}

void Stream::watch_idle() {
    detach();
    arm_read();
}

bool Stream::disturbed() {
    if (!core_) return false;
    if (layer_ == nullptr) return core_->disturbed;
    return !layer_->reusable(*this, std::exchange(core_->disturbed, false));
}

common::Result<> Stream::start_tls_server(const TlsContext& context) {
    auto session = TlsSession::server(context, *core_);
    if (!session) return std::unexpected(std::move(session.error()));
    tls_ = std::move(*session);
    return {};
}

common::Result<> Stream::start_tls_client(const TlsContext& context, const std::string& server_name) {
    auto session = TlsSession::client(context, *core_, server_name);
    if (!session) return std::unexpected(std::move(session.error()));
    tls_ = std::move(*session);
    return {};
}

IoResult Stream::Core::send(std::span<const char> data, bool more) {
    const int flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
    ssize_t count = 0;
    do {
        count = send_bytes(fd(), data, flags);
    } while (count < 0 && errno == EINTR);
    return sent(count);
}

IoResult Stream::Core::send(const msghdr& message, bool more) {
    const int flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
    ssize_t count = 0;
    do {
        count = ::syscall(SYS_sendmsg, fd(), &message, flags);
    } while (count < 0 && errno == EINTR);
    return sent(count);
}

IoResult Stream::Core::sent(ssize_t count) {
    if (count >= 0) return {IoResult::Kind::ok, static_cast<std::size_t>(count), 0};
    if (errno == EAGAIN || errno == EINPROGRESS) full();
    return failed(errno);
}

IoResult Stream::try_handshake() {
    return tls_ ? tls_->try_handshake() : IoResult{};
}
bool Stream::wants_write() const {
    return tls_ && tls_->wants_write();
}
unsigned long Stream::tls_error_code() const {
    return tls_ ? tls_->error_code() : 0;
}
std::string Stream::tls_error() const {
    return tls_ ? tls_->error_text() : std::string();
}
const TlsInfo* Stream::tls_info() const {
    return tls_ ? &tls_->info() : nullptr;
}

void Stream::put_on(std::unique_ptr<Layer> layer) {
    layer_ = std::move(layer);
}

IoResult Stream::try_read(std::span<char> into) {
    return layer_ ? layer_->try_read(*this, into) : read_below(into);
}

IoResult Stream::try_write(std::span<const iovec> pieces, bool last) {
    return layer_ ? layer_->try_write(*this, pieces) : write_below(pieces, last);
}

IoResult Stream::read_below(std::span<char> into) {
    return tls_ ? tls_->try_read(into) : core_->receive(into);
}

IoResult Stream::write_below(std::span<const iovec> pieces, bool last) {
    if (tls_) return tls_->try_write(pieces, last);
    if (pieces.size() == 1)
        return core_->send({static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len}, last);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size() < 1024 ? pieces.size() : 1024;  // IOV_MAX
    return core_->send(message, last);
}

// An empty pipe takes at least something: what would block is the socket.
IoResult Stream::try_splice_in(Pipe& pipe, std::size_t most) {
    const ssize_t count =
        ::splice(fd(), nullptr, pipe.in_.get(), nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0) {
        if (errno == EAGAIN) core_->drained();
        return failed(errno);
    }
    if (count == 0) return {IoResult::Kind::end, 0, 0};
    pipe.fill_ += static_cast<std::size_t>(count);
    return {IoResult::Kind::ok, static_cast<std::size_t>(count), 0};
}

IoResult Stream::try_splice_out(Pipe& pipe) {
    const ssize_t count =
        ::splice(pipe.out_.get(), nullptr, fd(), nullptr, pipe.fill_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count > 0) pipe.fill_ -= static_cast<std::size_t>(count);
    return core_->sent(count);
}

bool Stream::buffered() const {
    return (tls_ && tls_->pending()) || (layer_ && layer_->buffered());
}

void Stream::release_buffers() {
    if (layer_) layer_->release_buffers();
    if (tls_) tls_->release_buffers();
}

int Stream::connect_error() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

void Stream::shutdown_write() {
    if (!open()) return;
    if (tls_) tls_->send_close_notify();
    ::shutdown(fd(), SHUT_WR);
}

void Stream::close() {
    if (!core_) return;
    core_->waiter = nullptr;
    if (tls_ && open()) tls_->send_close_notify();
    layer_.reset();
    tls_.reset();
    core_->close();
    core_.reset();
}

void Stream::reset() {
    if (!open()) return;
    reset_on_close(fd());
    tls_.reset();
    close();
}

common::Endpoint Stream::peer() const {
    return core_ ? core_->peer.get(fd(), ::getpeername) : common::Endpoint();
}
common::Endpoint Stream::local() const {
    return core_ ? core_->local.get(fd(), ::getsockname) : common::Endpoint();
}

}  // namespace proxyd::net
