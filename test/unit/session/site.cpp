#include "site.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <future>
#include <stdexcept>

namespace test {

using namespace std::chrono_literals;
using common::UniqueFd;

namespace {

void limit(int fd) {
    const timeval five{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &five, sizeof five);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &five, sizeof five);
}

}  // namespace

UniqueFd listen_somewhere(std::uint16_t& port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd.get(), 128) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("cannot listen on loopback");
    }
    port = ntohs(address.sin_port);
    return fd;
}

Peer::Peer(UniqueFd fd) : fd_(std::move(fd)) {
    limit(fd_.get());
}

Peer Peer::connect(std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("cannot connect");
    }
    return Peer(std::move(fd));
}

void Peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

bool Peer::fill() {
    char chunk[65536];
    const ssize_t count = ::recv(fd_.get(), chunk, sizeof chunk, 0);
    if (count <= 0) return false;
    buffered_.append(chunk, static_cast<std::size_t>(count));
    return true;
}

std::string Peer::receive(std::size_t size) {
    while (buffered_.size() < size && fill()) {
    }
    const std::size_t count = std::min(size, buffered_.size());
    std::string out = buffered_.substr(0, count);
    buffered_.erase(0, count);
    return out;
}

std::string Peer::receive_until(std::string_view end) {
    std::size_t place;
    while ((place = buffered_.find(end)) == std::string::npos) {
        if (!fill()) return std::exchange(buffered_, {});
    }
    std::string out = buffered_.substr(0, place + end.size());
    buffered_.erase(0, place + end.size());
    return out;
}

std::string Peer::receive_all() {
    while (fill()) {
    }
    return std::exchange(buffered_, {});
}

bool Peer::ended() {
    pollfd wait{fd_.get(), POLLIN, 0};
    if (::poll(&wait, 1, 5000) != 1) return false;
    return !fill();
}

void Peer::finish() {
    ::shutdown(fd_.get(), SHUT_WR);
}

void Peer::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
}

FakeServer::FakeServer(Script script)
    : listener_(listen_somewhere(port_)), script_(std::move(script)), thread_([this] { serve(); }) {}

FakeServer::~FakeServer() {
    stop_ = true;
    thread_.join();
    for (auto& connection : connections_) connection.join();
}

void FakeServer::serve() {
    while (!stop_) {
        pollfd wait{listener_.get(), POLLIN, 0};
        if (::poll(&wait, 1, 20) != 1) continue;
        UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!fd) continue;
        ++accepted_;
        connections_.emplace_back([this, peer = std::make_shared<Peer>(std::move(fd))] { script_(*peer); });
    }
}

Site::Site(std::uint16_t server_port, const std::function<void(proxyd::session::ProxySettings&)>& adjust)
    : worker_({}) {
    auto proxy = std::make_unique<proxyd::session::ProxySettings>();
    proxy->name = "site";
    proxy->is_frontend = proxy->is_backend = true;
    proxy->upstream.name = "site";
    proxyd::upstream::ServerSettings server;
    server.name = "s1";
    server.host = "127.0.0.1";
    server.address = *common::Endpoint::from_ip("127.0.0.1", server_port);
    proxy->upstream.servers.push_back(server);
    proxy->upstream.reuse = proxyd::upstream::Reuse::always;
    if (adjust) adjust(*proxy);
    state_.proxies.push_back(std::make_unique<proxyd::state::ProxyState>(proxy->name, 1, 1));
    proxies_.push_back(std::move(proxy));
    runtime_.proxies = &proxies_;
    runtime_.state = &state_;
    runtime_.backends.push_back(
        std::make_unique<proxyd::upstream::Backend>(proxies_[0]->upstream, *state_.proxies[0], 1));
    runtime_.logs.emplace_back();
    entrance_ = std::make_unique<proxyd::session::Entrance>(runtime_, worker_);
    runtime_.entrances.push_back(entrance_.get());
    entrance_->open(0, 0, listen_somewhere(port_));
    thread_ = std::thread([this] { worker_.run(); });
}

Site::~Site() {
    on_worker([this] {
        entrance_->stop();
        runtime_.backends[0]->purge_idle(worker_, true);
    });
    worker_.stop();
    thread_.join();
}

void Site::stop_softly() {
    runtime_.stopping = true;
    on_worker([this] { entrance_->stop(); });
}

void Site::on_worker(const std::function<void()>& job) {
    std::promise<void> done;
    worker_.post([&] {
        job();
        done.set_value();
    });
    done.get_future().wait();
}

bool Site::eventually(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

}  // namespace test
