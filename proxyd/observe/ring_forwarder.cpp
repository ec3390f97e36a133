#include "proxyd/observe/ring_forwarder.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "common/process/signals.h"
#include "common/unique_fd.h"
#include "proxyd/net/channel.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/observe/ring_file.h"

namespace proxyd::observe {

namespace {

constexpr std::size_t kPiece = 64 * 1024;  // taken out of a ring at a time
constexpr auto kRetry = std::chrono::seconds(1);

// One server of a ring.
struct Link {
    Link(Ring& of, const RingSettings::Server& to) : ring(of), server(to) {}

    Ring& ring;
    const RingSettings::Server& server;
    std::shared_ptr<const net::TlsContext> tls;  // null: plain
    net::Channel channel;
    bool connected = false;
    std::uint64_t next = 0, missed = 0;  // event numbers
    std::string out;
    common::TimePoint moved{}, retry{};

    void drop(common::TimePoint now) {
        channel = {};
        connected = false;
        out.clear();  // half an event is no event
        retry = now + kRetry;
    }
    void connect(common::TimePoint now) {
        common::UniqueFd fd(::socket(server.address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        moved = now;
        const bool begun =
            ::connect(fd.get(), server.address.data(), server.address.size()) == 0 || errno == EINPROGRESS;
        channel = net::Channel(std::move(fd));
        if (!begun || (tls != nullptr && !channel.start_tls_client(*tls, server.server_name))) drop(now);
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
        const bool waits = !connected || !channel.established() || !out.empty();
        return waits && limit.count() > 0 && now - moved >= limit;
    }
};

// The file behind a ring.
struct Store {
    Store(Ring& of, RingFile made) : ring(of), file(std::move(made)) {}

    Ring& ring;
    RingFile file;
    std::uint64_t next = 0, missed = 0;  // event numbers

    void fill() {
        next = ring.read(next, missed, [this](std::string_view event) {
            file.write(event);
            return true;
        });
    }
};

}  // namespace

struct RingForwarder::Impl {
    void run();
    void act(Link& link, short events, common::TimePoint now);
    void send(Link& link, common::TimePoint now);

    std::vector<Link> links;
    std::vector<Store> stores;
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
        const net::IoResult sent = link.channel.send(link.out);
        if (sent.would_block()) return;
        if (!sent.ok()) return link.drop(now);
        link.out.erase(0, sent.count);
        link.moved = now;
    }
}

void RingForwarder::Impl::act(Link& link, short events, common::TimePoint now) {
    if (!link.channel) {
        if (now >= link.retry) link.connect(now);
        return;
    }
    if (!link.connected && (events & (POLLOUT | POLLERR | POLLHUP)) != 0) {
        if (link.channel.connect_error() != 0) return link.drop(now);
        link.connected = true;
    }
    if (link.connected && events != 0) {
        std::array<char, 4096> ignored;
        const net::IoResult read = link.channel.receive(ignored);
        if (!read.ok() && !read.would_block()) return link.drop(now);
    }
    if (link.connected && link.channel.established()) send(link, now);
    if (link.channel && link.overdue(now)) link.drop(now);
}

void RingForwarder::Impl::run() {
    std::vector<pollfd> polled;
    while (!stopping) {
        polled.assign(1, {wake.get(), POLLIN, 0});
        for (const Link& link : links) {
            const bool waits = !link.connected || !link.out.empty();
            short events = POLLIN | POLLOUT;
            if (link.connected && link.channel) events = link.channel.interest(waits);
            polled.push_back({link.channel.fd(), events, 0});
        }
        ::poll(polled.data(), polled.size(), 500);
        eventfd_t count = 0;
        ::eventfd_read(wake.get(), &count);
        for (Store& store : stores) store.fill();
        const common::TimePoint now = common::Clock::now();
        for (std::size_t i = 0; i < links.size(); ++i) act(links[i], polled[i + 1].revents, now);
    }
}

RingForwarder::RingForwarder() : impl_(std::make_unique<Impl>()) {}
RingForwarder::~RingForwarder() {
    stop();
}

common::Result<> RingForwarder::add(Ring& ring) {
    for (const RingSettings::Server& server : ring.settings().servers) {
        Link link(ring, server);
        if (server.tls != nullptr) {
            auto context = net::TlsContext::client(*server.tls);
            if (!context) return std::unexpected(context.error());
            link.tls = std::move(*context);
        }
        impl_->links.push_back(std::move(link));
    }
    if (const std::string& path = ring.settings().backing_file; !path.empty()) {
        auto file = RingFile::create(path, ring.settings().size);
        if (!file) return std::unexpected(file.error());
        impl_->stores.emplace_back(ring, std::move(*file));
    }
    if (ring.settings().servers.empty() && ring.settings().backing_file.empty()) return {};
    if (!impl_->wake) impl_->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    ring.on_write([fd = impl_->wake.get()] { ::eventfd_write(fd, 1); });
    return {};
}

void RingForwarder::start() {
    if ((impl_->links.empty() && impl_->stores.empty()) || impl_->thread.joinable()) return;
    impl_->thread = common::process::start_thread("rings", [impl = impl_.get()] { impl->run(); });
}

void RingForwarder::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    ::eventfd_write(impl_->wake.get(), 1);
    impl_->thread.join();
    for (Store& store : impl_->stores) store.fill();  // the last words
}

}  // namespace proxyd::observe
