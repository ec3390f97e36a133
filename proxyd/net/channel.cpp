#include "proxyd/net/channel.h"

#include <sys/socket.h>

#include <cerrno>

#include "proxyd/net/tls_session.h"

namespace proxyd::net {

namespace {

IoResult result_of(ssize_t count) {
    if (count > 0) return {IoResult::Kind::ok, static_cast<std::size_t>(count), 0};
    if (count == 0) return {IoResult::Kind::end, 0, 0};
    if (errno == EAGAIN || errno == EINTR) return {IoResult::Kind::would_block, 0, 0};
    return {IoResult::Kind::error, 0, errno};
}

}  // namespace

struct Channel::Core final : Transport {
    IoResult receive(std::span<char> into) override {
        return result_of(::recv(fd.get(), into.data(), into.size(), 0));
    }
    IoResult send(std::span<const char> data, bool more) override {
        return result_of(::send(fd.get(), data.data(), data.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0)));
    }

    common::UniqueFd fd;
    std::unique_ptr<TlsSession> tls;
    bool shaken = false;
};

Channel::Channel() = default;
Channel::Channel(common::UniqueFd fd) : core_(std::make_unique<Core>()) {
    core_->fd = std::move(fd);
}
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;
Channel::~Channel() {
    if (core_ && core_->tls && core_->shaken) core_->tls->send_close_notify();
}

Channel::operator bool() const {
    return core_ && core_->fd;
}
int Channel::fd() const {
    return core_ ? core_->fd.get() : -1;
}

common::Result<> Channel::start_tls_server(const TlsContext& context) {
    auto session = TlsSession::server(context, *core_);
    if (!session) return std::unexpected(std::move(session.error()));
    core_->tls = std::move(*session);
    return {};
}

common::Result<> Channel::start_tls_client(const TlsContext& context, const std::string& server_name) {
    auto session = TlsSession::client(context, *core_, server_name);
    if (!session) return std::unexpected(std::move(session.error()));
    core_->tls = std::move(*session);
    return {};
}

bool Channel::shake_hands(IoResult& result) {
    if (established()) return true;
    result = core_->tls->try_handshake();
    core_->shaken = result.ok();
    if (result.kind == IoResult::Kind::end) result = {IoResult::Kind::error, 0, ECONNRESET};
    return core_->shaken;
}

IoResult Channel::receive(std::span<char> into) {
    IoResult result;
    if (!shake_hands(result)) return result;
    return core_->tls ? core_->tls->try_read(into) : core_->receive(into);
}

IoResult Channel::send(std::string_view data) {
    IoResult result;
    if (!shake_hands(result)) return result;
    const iovec piece{const_cast<char*>(data.data()), data.size()};
    return core_->tls ? core_->tls->try_write(std::span(&piece, 1), false) : core_->send(data, false);
}

// With TLS either direction may have to wait for the other.
short Channel::interest(bool output) const {
    const bool writes = core_->tls ? core_->tls->wants_write() || (output && established()) : output;
    return static_cast<short>(POLLIN | (writes ? POLLOUT : 0));
}

bool Channel::buffered() const {
    return core_ && core_->tls && core_->tls->pending();
}

bool Channel::established() const {
    return !core_->tls || core_->shaken;
}

int Channel::connect_error() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

}  // namespace proxyd::net
