#include "proxyd/admin/cli_server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <list>
#include <optional>
#include <thread>
#include <vector>

#include "common/logging.h"
#include "proxyd/admin/commands.h"

namespace proxyd::admin {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Task = asio::awaitable<void>;

constexpr auto kAcceptPause = std::chrono::milliseconds(100);  // out of descriptors
constexpr auto kFollowPause = std::chrono::milliseconds(50);
constexpr std::size_t kFollowedPiece = 64 * 1024;
constexpr std::string_view kPrompt = "> ";

std::string_view level_name(Level level) {
    constexpr std::string_view kNames[] = {"user", "operator", "admin"};
    return kNames[static_cast<std::size_t>(level)];
}

// One operator's tool. The coroutine that serves it keeps it alive.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
    Connection(asio::io_context& io, common::UniqueFd socket, CliContext context,
               common::Duration idle_timeout)
        : descriptor_(io, socket.release()),
          timer_(io),
          context_(std::move(context)),
          idle_timeout_(idle_timeout) {}

    common::TimePoint last_active() const { return last_active_; }
    bool closed() const { return !descriptor_.is_open(); }

    void close() {
        error_code ignored;
        timer_.cancel();
        descriptor_.close(ignored);
    }

    // The coroutine's frame owns the connection from before its first step.
    static Task serve(std::shared_ptr<Connection> self) { co_await self->converse(); }

 private:
    // The whole story: read a line, answer its commands, and again while the prompt is wanted.
    Task converse() {
        std::array<char, 4096> chunk;
        while (!closed()) {
            std::optional<std::vector<Command>> commands = input_.next();
            if (commands) {
                co_await answer(*commands);
                if (closed() || !context_.prompt || context_.quit) co_return close();
                continue;
            }
            if (half_closed_) co_return close();
            touch();
            error_code error;
            const std::size_t size = co_await descriptor_.async_read_some(
                asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, error));
            if (error == asio::error::eof) {
                half_closed_ = true;  // what it sent is still answered
                input_.end();
            } else if (error) {
                co_return close();
            } else if (!input_.feed({chunk.data(), size})) {
                const std::string refusal = "Command line too long\n";
                co_await send(refusal);
                co_return close();
            }
        }
    }

    // Anything that is not finished within the idle time ends the connection.
    void touch() {
        last_active_ = common::Clock::now();
        if (idle_timeout_ <= common::Duration::zero()) return;
        timer_.expires_after(idle_timeout_);
        timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
            if (!cancelled) self->close();
        });
    }

    Task answer(const std::vector<Command>& commands) {
        for (const Command& command : commands) {
            const std::string text = run_command(context_, command);
            if (context_.hand_over) co_return hand_over();
            if (context_.quit) co_return;
            if (context_.followed != nullptr) {
                co_await send(text);
                co_await follow();
                if (closed()) co_return;
                const std::string end = "\n" + std::string(context_.prompt ? kPrompt : "");
                co_await send(end);
                continue;
            }
            const std::string whole = text + "\n" + std::string(context_.prompt ? kPrompt : "");
            co_await send(whole);
            if (closed()) co_return;
        }
        if (commands.empty() && context_.prompt) {
            const std::string prompt = "\n" + std::string(kPrompt);
            co_await send(prompt);
        }
    }

    // Passes on what is written to a ring, until the operator sends something or leaves.
    Task follow() {
        const observe::Ring& ring = *std::exchange(context_.followed, nullptr);
        std::uint64_t next = context_.follow_from, missed = 0;
        asio::steady_timer pause(timer_.get_executor());
        for (;;) {
            std::string text;
            next = ring.read(next, missed, [&](std::string_view event) {
                text.append(event) += '\n';
                return text.size() < kFollowedPiece;
            });
            if (!text.empty()) co_await send(text);
            std::array<char, 4096> input;
            const ssize_t count =
                closed() ? 0 : ::recv(descriptor_.native_handle(), input.data(), input.size(), MSG_DONTWAIT);
            if (count == 0) co_return close();
            if (count > 0) co_return;
            if (errno != EAGAIN && errno != EINTR) co_return close();
            if (!text.empty()) continue;
            touch();  // waiting is what was asked for
            error_code ignored;
            pause.expires_after(kFollowPause);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }

    Task send(const std::string& text) {
        touch();
        error_code error;
        co_await asio::async_write(descriptor_, asio::buffer(text),
                                   asio::redirect_error(asio::use_awaitable, error));
        if (error) close();
    }

    void hand_over() {
        const int fd = descriptor_.native_handle();
        const int flags = fcntl(fd, F_GETFL);
        if (flags >= 0) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
        context_.view->hand_over_sockets(fd);
        close();
    }

    asio::posix::stream_descriptor descriptor_;
    asio::steady_timer timer_;
    CliContext context_;
    CliInput input_;
    common::Duration idle_timeout_;
    common::TimePoint last_active_ = common::Clock::now();
    bool half_closed_ = false;
};

}  // namespace

struct CliServer::Impl {
    struct Door {
        CliSocket settings;
        asio::posix::stream_descriptor descriptor;
    };

    View view;
    common::Duration idle_timeout;
    std::size_t max_connections;
    asio::io_context io{1};
    std::list<Door> doors;
    std::list<std::weak_ptr<Connection>> connections;
    std::thread thread;

    Task accept_from(Door& door) {
        asio::steady_timer pause(io);
        while (true) {
            error_code error;
            co_await door.descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                                asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return;
            common::UniqueFd socket(
                accept4(door.descriptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (socket) {
                admit(door, std::move(socket));
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                if (!make_room(1)) {
                    pause.expires_after(kAcceptPause);
                    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
                }
            }
        }
    }

    void admit(const Door& door, common::UniqueFd socket) {
        std::erase_if(connections, [](const auto& weak) {
            const auto connection = weak.lock();
            return !connection || connection->closed();
        });
        if (connections.size() >= max_connections) make_room(connections.size() - max_connections + 1);
        CliContext context;
        context.view = &view;
        context.level = door.settings.level;
        context.expose_listeners = door.settings.expose_listeners;
        for (const Door& other : doors) {
            context.sockets.push_back(other.settings.name + " " +
                                      std::string(level_name(other.settings.level)) + " all");
        }
        const auto connection =
            std::make_shared<Connection>(io, std::move(socket), std::move(context), idle_timeout);
        connections.push_back(connection);
        asio::co_spawn(io, Connection::serve(connection), [](std::exception_ptr problem) {
            if (problem) common::log::warning("a command connection ended with an exception");
        });
    }

    // Closes the connections that have been quiet longest. False when there was none.
    bool make_room(std::size_t places) {
        bool closed = false;
        for (; places > 0; --places) {
            std::shared_ptr<Connection> oldest;
            for (const auto& weak : connections) {
                const auto connection = weak.lock();
                if (!connection || connection->closed()) continue;
                if (!oldest || connection->last_active() < oldest->last_active()) oldest = connection;
            }
            if (!oldest) return closed;
            oldest->close();
            closed = true;
        }
        return closed;
    }
};

CliServer::CliServer(View view, common::Duration idle_timeout, int max_connections)
    : impl_(std::make_unique<Impl>()) {
    impl_->view = std::move(view);
    impl_->idle_timeout = idle_timeout;
    impl_->max_connections = static_cast<std::size_t>(std::max(1, max_connections));
}

CliServer::~CliServer() {
    stop();
}

void CliServer::add(CliSocket socket) {
    const int fd = socket.listener.release();
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    impl_->doors.push_back({std::move(socket), asio::posix::stream_descriptor(impl_->io, fd)});
}

bool CliServer::empty() const {
    return impl_->doors.empty();
}

void CliServer::start() {
    for (Impl::Door& door : impl_->doors) asio::co_spawn(impl_->io, impl_->accept_from(door), asio::detached);
    impl_->thread = std::thread([this] { impl_->io.run(); });
}

void CliServer::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->io.stop();
    impl_->thread.join();
    impl_->doors.clear();
    for (const auto& weak : impl_->connections) {
        if (const auto connection = weak.lock()) connection->close();
    }
}

}  // namespace proxyd::admin
