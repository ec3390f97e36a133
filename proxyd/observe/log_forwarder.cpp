#include "proxyd/observe/log_forwarder.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "common/process/signals.h"
#include "common/unique_fd.h"
#include "proxyd/net/channel.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/observe/syslog_line.h"
#include "proxyd/observe/syslog_message.h"

namespace proxyd::observe {

namespace {

constexpr int kShare = 256;  // datagrams of one door before others have their turn

std::int64_t wall_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

struct Client {
    net::Channel channel;
    std::string in;
    common::TimePoint heard;
};

struct Section {
    explicit Section(const ForwardSettings& of) : settings(of), turns(of.targets.size()) {}

    const ForwardSettings& settings;
    std::vector<int> targets;  // numbers in the hub
    std::vector<unsigned> turns;
    struct Listener {
        common::UniqueFd fd;
        std::shared_ptr<const net::TlsContext> tls;  // null: plain
    };
    std::vector<common::UniqueFd> datagrams;
    std::vector<Listener> listeners;
    std::vector<Client> clients;
};

common::Result<common::UniqueFd> open_door(const ForwardSettings& settings,
                                           const ForwardSettings::Door& door) {
    const int type = (door.datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    common::UniqueFd fd(::socket(door.address.family(), type, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // The predecessor listens there, too, until we are ready.
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    const int backlog = settings.backlog > 0 ? settings.backlog : settings.maxconn;
    if (::bind(fd.get(), door.address.data(), door.address.size()) != 0 ||
        (!door.datagram && ::listen(fd.get(), backlog) != 0))
        return common::fail_errno("log-forward " + settings.name + ": cannot listen on " +
                                  door.address.to_string());
    return fd;
}

}  // namespace

struct LogForwarder::Impl {
    explicit Impl(LogHub& of) : hub(of) {}

    void run();
    void act(Section& section, std::vector<pollfd>::const_iterator& polled);
    void forward(Section& section, std::string_view bytes);
    void receive(Section& section, int fd);
    void accept(Section& section, const Section::Listener& listener, common::TimePoint now);
    bool read(Section& section, Client& client, common::TimePoint now);

    LogHub& hub;
    std::vector<std::unique_ptr<Section>> sections;
    common::UniqueFd wake;
    std::atomic<bool> stopping{false}, closing{false};
    std::string line;
    std::thread thread;
};

void LogForwarder::Impl::forward(Section& section, std::string_view bytes) {
    const SyslogMessage message = parse_syslog(bytes);
    const int level = message.priority >= 0 ? message.priority & 7 : 0;
    for (std::size_t i = 0; i < section.targets.size(); ++i) {
        const LogTarget& target = section.settings.targets[i];
        if (level > target.max_level || !in_sample(target, section.turns[i]++)) continue;
        line.clear();
        append_syslog(target, message, wall_us(), line);
        hub.send(section.targets[i], line);
    }
}

void LogForwarder::Impl::receive(Section& section, int fd) {
    static thread_local std::array<char, kLongestSyslog + 1> buffer;
    for (int i = 0; i < kShare; ++i) {
        const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (count < 0) return;
        forward(section, {buffer.data(), static_cast<std::size_t>(count)});
    }
}

void LogForwarder::Impl::accept(Section& section, const Section::Listener& listener, common::TimePoint now) {
    while (section.clients.size() < static_cast<std::size_t>(section.settings.maxconn)) {
        common::UniqueFd fd(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd) return;
        net::Channel client(std::move(fd));
        if (listener.tls != nullptr && !client.start_tls_server(*listener.tls)) continue;
        section.clients.push_back({std::move(client), {}, now});
    }
}

// False: the connection is over.
bool LogForwarder::Impl::read(Section& section, Client& client, common::TimePoint now) {
    std::array<char, 16384> buffer;
    const net::IoResult received = client.channel.receive(buffer);
    if (received.would_block() || received.kind == net::IoResult::Kind::error) return received.would_block();
    client.in.append(buffer.data(), received.count);
    client.heard = now;
    std::string_view rest = client.in;
    for (;;) {
        std::string_view message;
        std::size_t consumed = 0;
        const SyslogFrame frame = take_syslog(rest, message, consumed);
        if (frame == SyslogFrame::error) return false;
        if (frame == SyslogFrame::need_more) break;
        if (!message.empty()) forward(section, message);
        rest.remove_prefix(consumed);
    }
    client.in.erase(0, client.in.size() - rest.size());
    return received.ok();
}

void LogForwarder::Impl::act(Section& section, std::vector<pollfd>::const_iterator& polled) {
    const common::TimePoint now = common::Clock::now();
    const common::Duration limit = section.settings.timeout_client;
    for (const common::UniqueFd& fd : section.datagrams)
        if ((polled++)->revents != 0) receive(section, fd.get());
    const auto listeners = polled;
    polled += static_cast<std::ptrdiff_t>(section.listeners.size());
    for (Client& client : section.clients) {
        bool stirs = (polled++)->revents != 0, alive = true;
        for (; stirs && alive; stirs = client.channel.buffered()) alive = read(section, client, now);
        if (!alive || (limit.count() > 0 && now - client.heard >= limit)) client.channel = {};
    }
    std::erase_if(section.clients, [](const Client& client) { return !client.channel; });
    for (std::size_t i = 0; i < section.listeners.size(); ++i)
        if (listeners[static_cast<std::ptrdiff_t>(i)].revents != 0)
            accept(section, section.listeners[i], now);
}

void LogForwarder::Impl::run() {
    std::vector<pollfd> polled;
    while (!stopping) {
        if (closing)
            for (const auto& section : sections) {
                section->datagrams.clear();
                section->listeners.clear();
            }
        polled.assign(1, {wake.get(), POLLIN, 0});
        for (const auto& section : sections) {
            for (const auto& fd : section->datagrams) polled.push_back({fd.get(), POLLIN, 0});
            const bool full = section->clients.size() >= static_cast<std::size_t>(section->settings.maxconn);
            for (const auto& door : section->listeners)
                polled.push_back({full ? -1 : door.fd.get(), POLLIN, 0});
            for (const auto& client : section->clients)
                polled.push_back({client.channel.fd(), client.channel.interest(false), 0});
        }
        ::poll(polled.data(), polled.size(), 1000);
        eventfd_t count = 0;
        ::eventfd_read(wake.get(), &count);
        auto at = polled.cbegin() + 1;
        for (const auto& section : sections) act(*section, at);
    }
}

LogForwarder::LogForwarder(LogHub& hub) : impl_(std::make_unique<Impl>(hub)) {}
LogForwarder::~LogForwarder() {
    stop();
}

common::Result<> LogForwarder::add(const ForwardSettings& settings) {
    auto section = std::make_unique<Section>(settings);
    for (const LogTarget& target : settings.targets) {
        const auto number = impl_->hub.open(target);
        if (!number) return std::unexpected(number.error());
        section->targets.push_back(*number);
    }
    for (const ForwardSettings::Door& door : settings.doors) {
        auto fd = open_door(settings, door);
        if (!fd) return std::unexpected(fd.error());
        if (door.datagram) {
            section->datagrams.push_back(std::move(*fd));
            continue;
        }
        auto& listener = section->listeners.emplace_back(std::move(*fd), nullptr);
        if (!door.tls.enabled) continue;
        auto context = net::TlsContext::server(door.tls);
        if (!context) return std::unexpected(context.error());
        listener.tls = std::move(*context);
    }
    impl_->sections.push_back(std::move(section));
    return {};
}

void LogForwarder::start() {
    if (impl_->sections.empty() || impl_->thread.joinable()) return;
    impl_->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    impl_->thread = common::process::start_thread("log-forward", [impl = impl_.get()] { impl->run(); });
}

void LogForwarder::close_doors() {
    if (!impl_->thread.joinable()) return;
    impl_->closing = true;
    ::eventfd_write(impl_->wake.get(), 1);
}

void LogForwarder::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    ::eventfd_write(impl_->wake.get(), 1);
    impl_->thread.join();
}

}  // namespace proxyd::observe
