#include "common/control/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/blocking_socket.h"
#include "common/control/line_channel.h"
#include "common/endpoint.h"

namespace common::control {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
    Impl(asio::io_context& context, ClientSettings s, ClientHandlers h)
        : io(context),
          settings(std::move(s)),
          handlers(std::move(h)),
          timer(context),
          retry(settings.retry_first) {}

    void connect();
    void retry_later();
    void on_line(std::string_view line);
    void lose(const std::string& reason);

    asio::io_context& io;
    ClientSettings settings;
    ClientHandlers handlers;
    asio::steady_timer timer;  // between attempts, then for the peer's hello
    Duration retry;
    std::shared_ptr<LineChannel> channel;
    bool running = false;
    bool up = false;
};

void Client::Impl::connect() {
    if (!running) return;
    Protocol::socket socket(io);
    boost::system::error_code error;
    // A Unix connect answers at once; with a full queue it would block, and is tried again instead.
    const auto endpoint = Endpoint::from_unix(settings.path);
    socket.open(Protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (error || !endpoint || ::connect(socket.native_handle(), endpoint->data(), endpoint->size()) < 0) {
        return retry_later();
    }
    channel = std::make_shared<LineChannel>(std::move(socket), kMaxReplyLine, settings.max_output);
    const std::weak_ptr<Impl> weak = weak_from_this();
    channel->on_line = [weak](std::string_view line) {
        if (const auto self = weak.lock()) self->on_line(line);
    };
    channel->on_end = [weak](const std::string& reason) {
        if (const auto self = weak.lock()) self->lose(reason);
    };
    // A stopped peer's kernel accepts for it; without a hello it is no peer.
    timer.expires_after(settings.hello_timeout);
    timer.async_wait([weak](const boost::system::error_code& stopped) {
        const auto self = weak.lock();
        if (!stopped && self && !self->up) self->lose("no hello");
    });
    const auto started = channel;
    started->start();
    started->send(encode(settings.hello));
}

void Client::Impl::retry_later() {
    if (!running) return;
    timer.expires_after(retry);
    retry = std::min(retry * 2, settings.retry_max);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& stopped) {
        const auto self = weak.lock();
        if (!stopped && self) self->connect();
    });
}

void Client::Impl::on_line(std::string_view line) {
    auto message = decode(line);
    if (!message) return lose(message.error().text);
    const Hello* hello = std::get_if<Hello>(&*message);
    if ((hello != nullptr) == up) return lose("hello must come first, and once");
    if (hello) {
        up = true;
        retry = settings.retry_first;
        timer.cancel();
        if (handlers.on_up) handlers.on_up(*hello);
    } else if (handlers.on_message) {
        handlers.on_message(*message);
    }
}

void Client::Impl::lose(const std::string& reason) {
    if (!channel) return;
    channel->close();
    channel = nullptr;
    timer.cancel();
    const bool was_up = std::exchange(up, false);
    retry_later();
    if (was_up && handlers.on_down) handlers.on_down(reason);
}

Client::Client(asio::io_context& io, ClientSettings settings, ClientHandlers handlers)
    : impl_(std::make_shared<Impl>(io, std::move(settings), std::move(handlers))) {}

Client::~Client() {
    impl_->handlers = {};
    stop();
}

void Client::start() {
    if (std::exchange(impl_->running, true)) return;
    impl_->connect();
}

void Client::stop() {
    impl_->running = false;
    impl_->up = false;
    impl_->timer.cancel();
    if (auto channel = std::move(impl_->channel)) channel->close();
}

bool Client::up() const {
    return impl_->up;
}

void Client::send(const Message& message) {
    if (!impl_->up) return;
    const auto channel = impl_->channel;
    channel->send(encode(message));
}

namespace {

// Reads lines until a response with that id has come.
Result<Response> await_response(int socket, std::uint64_t id, TimePoint deadline) {
    LineReader reader(kMaxReplyLine);
    while (true) {
        while (const auto line = reader.next()) {
            auto message = decode(*line);
            if (!message) return std::unexpected(message.error());
            if (auto* response = std::get_if<Response>(&*message); response && response->id == id) {
                return std::move(*response);
            }
        }
        if (reader.failed()) return fail("the answer is too long", Side::peer);
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd item{socket, POLLIN, 0};
        if (left <= 0 || ::poll(&item, 1, static_cast<int>(left)) == 0)
            return fail("no answer in time", Side::peer);
        const std::span<char> space = reader.prepare();
        const ssize_t got = ::recv(socket, space.data(), space.size(), 0);
        if (got == 0) return fail("the daemon closed the connection", Side::peer);
        if (got < 0 && errno != EINTR) return fail_errno("cannot read the answer");
        if (got > 0) reader.commit(static_cast<std::size_t>(got));
    }
}

}  // namespace

Result<Response> ask(const std::string& path, const Hello& hello, const Request& request, Duration timeout) {
    const TimePoint deadline = Clock::now() + timeout;
    const auto connected = connect_unix(path, timeout);
    if (!connected) return std::unexpected(connected.error());
    const int socket = connected->get();
    const std::string text = encode(hello) + encode(request);
    if (::send(socket, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
        return fail_errno("cannot send the request");
    }
    return await_response(socket, request.id, deadline);
}

}  // namespace common::control
