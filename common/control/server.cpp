#include "common/control/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>

#include "common/control/line_channel.h"
#include "common/endpoint.h"
#include "common/logging.h"

namespace common::control {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

namespace {

constexpr int kBacklog = 64;
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

struct Peer {
    std::shared_ptr<LineChannel> channel;
    PeerCredentials credentials;
    TimePoint last_heard;
    bool greeted = false;
    bool kept = false;
    std::unique_ptr<asio::steady_timer> hello_timer;
};

std::optional<PeerCredentials> credentials_of(int socket) {
    ucred raw{};
    socklen_t size = sizeof raw;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &raw, &size) < 0) return std::nullopt;
    return PeerCredentials{raw.pid, raw.uid, raw.gid};
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string name_in_folder(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Removes what a dead owner left behind; complains about everything else that is in the way.
Result<> clear_path(const std::string& path) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) < 0) return {};
    if (!S_ISSOCK(info.st_mode)) return fail_errno("control socket " + path + " is in the way", EEXIST);
    if (has_live_owner(path)) {
        return fail_errno("control socket " + path + " belongs to a running process", EADDRINUSE);
    }
    if (::unlink(path.c_str()) < 0) return fail_errno("cannot replace the stale control socket " + path);
    return {};
}

Result<UniqueFd> bind_path(const std::string& path, ::mode_t mode) {
    const auto endpoint = Endpoint::from_unix(path);
    if (!endpoint) return std::unexpected(endpoint.error());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return fail_errno("cannot open a control socket");
    const ::mode_t before = ::umask(0777 & ~mode);  // never more open than asked for, not even for a moment
    const int bound = ::bind(socket.get(), endpoint->data(), endpoint->size());
    const int code = errno;
    ::umask(before);
    if (bound < 0) return fail_errno("cannot bind control socket " + path, code);
    if (::listen(socket.get(), kBacklog) < 0) return fail_errno("cannot listen on control socket " + path);
    return socket;
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(asio::io_context& context, ServerSettings s, ServerHandlers h)
        : io(context), settings(std::move(s)), handlers(std::move(h)), pause(context) {}

    Result<> start(UniqueFd listener);
    void accept();
    void admit(Protocol::socket socket);
    bool make_room(const PeerCredentials& newcomer);
    void on_line(ClientId id, std::string_view line);
    void drop(ClientId id);
    void release_path();

    asio::io_context& io;
    ServerSettings settings;
    ServerHandlers handlers;
    std::optional<Protocol::acceptor> acceptor;
    asio::steady_timer pause;
    std::map<ClientId, Peer> peers;
    ClientId next_id = 1;
    UniqueFd folder;  // of the path, opened before any chroot
    bool owns_path = false;
    log::RateLimiter log_limit;
};

Result<> Server::Impl::start(UniqueFd listener) {
    acceptor.emplace(io);
    boost::system::error_code error;
    acceptor->assign(Protocol(), listener.get(), error);
    if (error) return fail("cannot watch the control socket: " + error.message(), Side::system);
    (void)listener.release();
    accept();
    return {};
}

void Server::Impl::accept() {
    acceptor->async_accept(
        [self = shared_from_this()](const boost::system::error_code& error, Protocol::socket socket) {
            if (!self->acceptor || error == asio::error::operation_aborted) return;
            if (!error) {
                self->admit(std::move(socket));
                return self->accept();
            }
            // Out of descriptors or the like: wait, do not spin, do not give up.
            self->pause.expires_after(kAcceptPause);
            self->pause.async_wait([self](const boost::system::error_code& stopped) {
                if (!stopped && self->acceptor) self->accept();
            });
        });
}

void Server::Impl::admit(Protocol::socket socket) {
    const auto credentials = credentials_of(socket.native_handle());
    if (!credentials) return;
    if (credentials->uid != 0 && credentials->uid != ::geteuid()) {
        if (const auto held = log_limit.admit("uid", Clock::now())) {
            log::warning("control socket: refused process {} of user {}{}", credentials->pid,
                         credentials->uid, log::suppressed_note(*held));
        }
        return;
    }
    if (!make_room(*credentials)) return;

    const ClientId id = next_id++;
    Peer& peer = peers[id];
    peer.credentials = *credentials;
    peer.last_heard = Clock::now();
    peer.channel = std::make_shared<LineChannel>(std::move(socket), kMaxRequestLine, settings.max_output);
    const std::weak_ptr<Impl> weak = weak_from_this();
    peer.channel->on_line = [weak, id](std::string_view line) {
        if (const auto self = weak.lock()) self->on_line(id, line);
    };
    peer.channel->on_end = [weak, id](const std::string&) {
        if (const auto self = weak.lock()) self->drop(id);
    };
    peer.hello_timer = std::make_unique<asio::steady_timer>(io, settings.hello_timeout);
    peer.hello_timer->async_wait([weak, id](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self) self->drop(id);
    });
    const auto channel = peer.channel;
    channel->start();
    channel->send(encode(settings.hello));
}

// Idle peers cannot hold all places, and root always finds one.
bool Server::Impl::make_room(const PeerCredentials& newcomer) {
    if (peers.size() < settings.max_clients) return true;
    const TimePoint now = Clock::now();
    auto idlest = peers.end();
    for (auto it = peers.begin(); it != peers.end(); ++it) {
        if (it->second.kept || now - it->second.last_heard < settings.idle_before_eviction) continue;
        if (idlest == peers.end() || it->second.last_heard < idlest->second.last_heard) idlest = it;
    }
    if (idlest != peers.end()) {
        drop(idlest->first);
        return true;
    }
    return newcomer.uid == 0 && peers.size() <= settings.max_clients;
}

void Server::Impl::on_line(ClientId id, std::string_view line) {
    const auto it = peers.find(id);
    if (it == peers.end()) return;
    auto message = decode(line);
    const Hello* hello = message ? std::get_if<Hello>(&*message) : nullptr;
    const bool in_order = message && (hello != nullptr) != it->second.greeted;
    if (!in_order || (hello && hello->version < 1)) {
        if (const auto held = log_limit.admit("message", Clock::now())) {
            log::warning("control socket: closed process {}: {}{}", it->second.credentials.pid,
                         message ? "hello must come first, and once" : message.error().text,
                         log::suppressed_note(*held));
        }
        return drop(id);
    }
    it->second.last_heard = Clock::now();
    if (hello) {
        it->second.greeted = true;
        it->second.hello_timer.reset();
        const PeerCredentials credentials = it->second.credentials;
        if (handlers.on_hello) handlers.on_hello(id, *hello, credentials);
    } else if (handlers.on_message) {
        handlers.on_message(id, *message);
    }
}

void Server::Impl::drop(ClientId id) {
    auto node = peers.extract(id);
    if (node.empty()) return;
    const bool greeted = node.mapped().greeted;
    node.mapped().channel->close();
    if (greeted && handlers.on_close) handlers.on_close(id);
}

void Server::Impl::release_path() {
    if (std::exchange(owns_path, false)) {
        ::unlinkat(folder.get(), name_in_folder(settings.path).c_str(), 0);
    }
}

Server::Server(asio::io_context& io, ServerSettings settings, ServerHandlers handlers)
    : impl_(std::make_shared<Impl>(io, std::move(settings), std::move(handlers))) {}

Server::~Server() {
    impl_->handlers = {};
    stop_listening();
    impl_->release_path();
    auto peers = std::move(impl_->peers);
    for (auto& [id, peer] : peers) peer.channel->close();
}

Result<> Server::listen() {
    const std::string& path = impl_->settings.path;
    const std::string folder = folder_of(path);
    ::mkdir(folder.c_str(), 0755);  // /run is empty after a boot; failure shows in the next line
    impl_->folder.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!impl_->folder) return fail_errno("cannot open the folder of control socket " + path);
    if (auto cleared = clear_path(path); !cleared) return cleared;
    auto listener = bind_path(path, impl_->settings.mode);
    if (!listener) return std::unexpected(listener.error());
    impl_->owns_path = true;
    return impl_->start(std::move(*listener));
}

Result<> Server::adopt(UniqueFd listener) {
    const std::string folder = folder_of(impl_->settings.path);
    impl_->folder.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    impl_->owns_path = static_cast<bool>(impl_->folder);
    return impl_->start(std::move(listener));
}

void Server::send(ClientId client, const Message& message) {
    const auto it = impl_->peers.find(client);
    if (it == impl_->peers.end()) return;
    const auto channel = it->second.channel;
    channel->send(encode(message));
}

void Server::send_with_fds(ClientId client, const Message& message, std::span<const int> fds) {
    const auto it = impl_->peers.find(client);
    if (it == impl_->peers.end()) return;
    std::vector<UniqueFd> copies;
    for (const int fd : fds) copies.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    const auto channel = it->second.channel;
    channel->send(encode(message), std::move(copies));
}

void Server::broadcast(const Message& message) {
    const std::string line = encode(message);
    std::vector<std::shared_ptr<LineChannel>> channels;  // a send may drop a peer
    for (const auto& [id, peer] : impl_->peers) {
        if (peer.greeted) channels.push_back(peer.channel);
    }
    for (const auto& channel : channels) channel->send(line);
}

void Server::close(ClientId client) {
    const auto it = impl_->peers.find(client);
    if (it == impl_->peers.end()) return;
    const auto channel = it->second.channel;
    channel->finish();
}

void Server::keep(ClientId client) {
    if (const auto it = impl_->peers.find(client); it != impl_->peers.end()) it->second.kept = true;
}

std::size_t Server::client_count() const {
    return impl_->peers.size();
}

int Server::listener_fd() const {
    return impl_->acceptor ? impl_->acceptor->native_handle() : -1;
}

void Server::disown_path() {
    impl_->owns_path = false;
    stop_listening();
}

void Server::stop_listening() {
    if (!impl_->acceptor) return;
    boost::system::error_code ignored;
    impl_->acceptor->close(ignored);
    impl_->acceptor.reset();
    impl_->pause.cancel();
}

bool has_live_owner(const std::string& path) {
    const auto endpoint = Endpoint::from_unix(path);
    if (!endpoint) return false;
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return false;
    if (::connect(probe.get(), endpoint->data(), endpoint->size()) == 0) return true;
    return errno == EAGAIN || errno == EACCES ||
           errno == EPERM;  // a full queue, or not for us: someone is there
}

}  // namespace common::control
