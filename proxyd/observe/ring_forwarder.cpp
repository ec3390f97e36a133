#include "proxyd/observe/ring_forwarder.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "common/process/signals.h"
#include "common/unique_fd.h"

namespace proxyd::observe {

namespace {

constexpr std::size_t kPiece = 64 * 1024;  // taken out of a ring at a time
constexpr auto kRetry = std::chrono::seconds(1);

// One server of a ring.
struct Link {
    Ring& ring;
    const RingSettings::Server& server;
    common::UniqueFd fd;
    bool connected = false;
    std::uint64_t next = 0, missed = 0;  // event numbers
    std::string out;
    common::TimePoint moved{}, retry{};

    void drop(common::TimePoint now) {
        fd.reset();
        connected = false;
        out.clear();  // half an event is no event
        retry = now + kRetry;
    }
    void connect(common::TimePoint now) {
        fd.reset(::socket(server.address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        moved = now;
        if (::connect(fd.get(), server.address.data(), server.address.size()) != 0 && errno != EINPROGRESS)
            drop(now);
    }
    void fill() {
        next = ring.read(next, missed, [this](std::string_view event) {
            if (server.octet_count) out += std::to_string(event.size()) + " ";
            out += event;
            if (!server.octet_count) out += '\n';
            return out.size() < kPiece;
        });
    }
    bool overdue(common::TimePoint now) const {
        const auto limit = connected ? ring.settings().timeout_server : ring.settings().timeout_connect;
        const bool waits = !connected || !out.empty();
        return waits && limit.count() > 0 && now - moved >= limit;
    }
};

}  // namespace

struct RingForwarder::Impl {
    void run();
    void act(Link& link, short events, common::TimePoint now);
    void send(Link& link, common::TimePoint now);

    std::vector<Link> links;
    common::UniqueFd wake;
    std::atomic<bool> stopping{false};
    std::thread thread;
};

void RingForwarder::Impl::send(Link& link, common::TimePoint now) {
    for (;;) {
        if (link.out.empty()) {
            link.fill();
            link.moved = now;
        }
        if (link.out.empty()) return;
        const ssize_t count = ::send(link.fd.get(), link.out.data(), link.out.size(), MSG_NOSIGNAL);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count < 0) return link.drop(now);
        link.out.erase(0, static_cast<std::size_t>(count));
        link.moved = now;
    }
}

void RingForwarder::Impl::act(Link& link, short events, common::TimePoint now) {
    if (!link.fd) {
        if (now >= link.retry) link.connect(now);
        return;
    }
    if (!link.connected && (events & (POLLOUT | POLLERR | POLLHUP)) != 0) {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(link.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return link.drop(now);
        link.connected = true;
    }
    if (link.connected && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        char ignored[4096];
        const ssize_t count = ::recv(link.fd.get(), ignored, sizeof ignored, 0);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return link.drop(now);
    }
    if (link.connected) send(link, now);
    if (link.fd && link.overdue(now)) link.drop(now);
}

void RingForwarder::Impl::run() {
    std::vector<pollfd> polled;
    while (!stopping) {
        polled.assign(1, {wake.get(), POLLIN, 0});
        for (const Link& link : links) {
            const bool waits = !link.connected || !link.out.empty();
            polled.push_back(
                {link.fd ? link.fd.get() : -1, static_cast<short>(POLLIN | (waits ? POLLOUT : 0)), 0});
        }
        ::poll(polled.data(), polled.size(), 500);
        eventfd_t count = 0;
        ::eventfd_read(wake.get(), &count);
        const common::TimePoint now = common::Clock::now();
        for (std::size_t i = 0; i < links.size(); ++i) act(links[i], polled[i + 1].revents, now);
    }
}

RingForwarder::RingForwarder() : impl_(std::make_unique<Impl>()) {}
RingForwarder::~RingForwarder() {
    stop();
}

void RingForwarder::add(Ring& ring) {
    for (const RingSettings::Server& server : ring.settings().servers)
        impl_->links.push_back({ring, server, {}, false, 0, 0, {}, {}, {}});
    if (ring.settings().servers.empty()) return;
    if (!impl_->wake) impl_->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    ring.on_write([fd = impl_->wake.get()] { ::eventfd_write(fd, 1); });
}

void RingForwarder::start() {
    if (impl_->links.empty() || impl_->thread.joinable()) return;
    impl_->thread = common::process::start_thread("rings", [impl = impl_.get()] { impl->run(); });
}

void RingForwarder::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    ::eventfd_write(impl_->wake.get(), 1);
    impl_->thread.join();
}

}  // namespace proxyd::observe
