#include "proxyd/net/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "proxyd/net/tls_session.h"
#include "proxyd/net/worker.h"

namespace proxyd::net {

namespace {

using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

// The memory of one direction's pending wait: it lives in the connection, so arming allocates nothing.
struct WaitSlot {
    static constexpr std::size_t kSize = 128;
    alignas(std::max_align_t) std::byte memory[kSize];
    bool taken = false;
};

template <class T>
struct SlotAllocator {
    using value_type = T;
    explicit SlotAllocator(WaitSlot& wait_slot) : slot(&wait_slot) {}
    template <class U>
    SlotAllocator(const SlotAllocator<U>& other) : slot(other.slot) {}
    T* allocate(std::size_t count) {
        if (!slot->taken && count * sizeof(T) <= WaitSlot::kSize) {
            slot->taken = true;
            return reinterpret_cast<T*>(slot->memory);
        }
        return static_cast<T*>(::operator new(count * sizeof(T)));
    }
    void deallocate(T* pointer, std::size_t) {
        if (reinterpret_cast<std::byte*>(pointer) == slot->memory) {
            slot->taken = false;
        } else {
            ::operator delete(pointer);
        }
    }
    bool operator==(const SlotAllocator&) const = default;
    WaitSlot* slot;
};

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

IoResult failed(int error) {
    if (error == EAGAIN || error == EWOULDBLOCK) return {IoResult::Kind::would_block, 0, 0};
    return {IoResult::Kind::error, 0, error};
}

}  // namespace

struct Stream::Core {
    Core(Worker& owner, int fd) : worker(owner), descriptor(owner.executor(), fd) {}

    // Completion of a wait. Holds the core alive; its allocator keeps the operation inside the core.
    struct Ready {
        using allocator_type = SlotAllocator<Ready>;
        allocator_type get_allocator() const {
            return allocator_type(write ? core->out_slot : core->in_slot);
        }
        void operator()(boost::system::error_code error) const {
            const Worker::Event event(core->worker);
            (write ? core->out_armed : core->in_armed) = false;
            if (error) return;  // closed by us
            if (core->waiter) {
                core->waiter->set(write ? core->out : core->in);
            } else {
                core->disturbed = true;
            }
        }
        boost::intrusive_ptr<Core> core;
        bool write;
    };

    void arm(bool write) {
        bool& armed = write ? out_armed : in_armed;
        if (armed || !descriptor.is_open()) return;
        armed = true;
        descriptor.async_wait(write ? Descriptor::wait_write : Descriptor::wait_read, Ready{this, write});
    }

    Worker& worker;
    Descriptor descriptor;
    unsigned references = 0;
    Waiter* waiter = nullptr;
    Waiter::Bits in = 0, out = 0;
    bool in_armed = false, out_armed = false;
    bool disturbed = false;
    WaitSlot in_slot, out_slot;
    SocketName peer, local;
};

void intrusive_ptr_add_ref(Stream::Core* core) {
    ++core->references;
}
void intrusive_ptr_release(Stream::Core* core) {
    if (--core->references == 0) delete core;
}

Stream::Stream() noexcept = default;
Stream::Stream(Worker& worker, int fd) : core_(new Core(worker, fd)) {}
Stream::Stream(Worker& worker, int fd, const common::Endpoint& peer) : Stream(worker, fd) {
    core_->peer.keep(peer);
}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
    if (this != &other) {
        close();
        core_ = std::move(other.core_);
        tls_ = std::move(other.tls_);
    }
    return *this;
}
Stream::~Stream() {
    close();
}

bool Stream::open() const {
    return core_ && core_->descriptor.is_open();
}
int Stream::fd() const {
    return core_ ? core_->descriptor.native_handle() : -1;
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
    if (core_) core_->arm(false);
}
void Stream::arm_write() {
    if (core_) core_->arm(true);
}

void Stream::watch_idle() {
    detach();
    arm_read();
}

bool Stream::disturbed() const {
    return core_ && core_->disturbed;
}

common::Result<> Stream::start_tls_server(const TlsContext& context) {
    auto session = TlsSession::server(context, fd());
    if (!session) return std::unexpected(std::move(session.error()));
    tls_ = std::move(*session);
    return {};
}

common::Result<> Stream::start_tls_client(const TlsContext& context, const std::string& server_name) {
    auto session = TlsSession::client(context, fd(), server_name);
    if (!session) return std::unexpected(std::move(session.error()));
    tls_ = std::move(*session);
    return {};
}

IoResult Stream::try_handshake() {
    return tls_ ? tls_->try_handshake() : IoResult{};
}
bool Stream::wants_write() const {
    return tls_ && tls_->wants_write();
}
std::string Stream::tls_error() const {
    return tls_ ? tls_->error_text() : std::string();
}
const TlsInfo* Stream::tls_info() const {
    return tls_ ? &tls_->info() : nullptr;
}

IoResult Stream::try_read(std::span<char> into) {
    if (tls_) return tls_->try_read(into);
    for (;;) {
        const ssize_t count = ::recv(fd(), into.data(), into.size(), 0);
        if (count > 0) return {IoResult::Kind::ok, static_cast<std::size_t>(count), 0};
        if (count == 0) return {IoResult::Kind::end, 0, 0};
        if (errno != EINTR) return failed(errno);
    }
}

IoResult Stream::try_write(std::span<const iovec> pieces) {
    if (tls_) return tls_->try_write(pieces);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size() < 1024 ? pieces.size() : 1024;  // IOV_MAX
    for (;;) {
        const ssize_t count = pieces.size() == 1
                                  ? ::send(fd(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                                  : ::sendmsg(fd(), &message, MSG_NOSIGNAL);
        if (count >= 0) return {IoResult::Kind::ok, static_cast<std::size_t>(count), 0};
        if (errno != EINTR) return failed(errno);
    }
}

bool Stream::buffered() const {
    return tls_ && tls_->pending();
}

void Stream::release_buffers() {
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
    tls_.reset();
    boost::system::error_code ignored;
    core_->descriptor.close(ignored);
    core_.reset();
}

void Stream::reset() {
    if (!open()) return;
    const linger now{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
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
