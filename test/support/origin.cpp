// The tests' web server: small, fast, tells who it is and how the request reached it.
//
//   test_origin NAME IP:PORT
//
// GET /            "NAME\n"                     GET /size/N       N bytes
// GET /status/N    status N                     GET /slow/MS      answers after MS milliseconds
// GET /echo        the request's header block   GET /close        "Connection: close"
// GET /count       how many requests were served so far
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "common/text.h"

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::string name;
unsigned long served = 0;

unsigned long number(std::string_view text) {
    unsigned long value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// Value of a field of the header block, empty without.
std::string_view field(std::string_view head, std::string_view wanted) {
    while (!head.empty()) {
        const auto end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && common::iequals(line.substr(0, colon), wanted))
            return common::trim(line.substr(colon + 1));
        if (end == std::string_view::npos) break;
        head.remove_prefix(end + 2);
    }
    return {};
}

struct Answer {
    int status = 200;
    std::string body;
    std::size_t filler = 0;  // bytes of filler() behind it
    bool close = false;
    unsigned long delay_ms = 0;
};

// What /size/N sends, so that large bodies cost the test server no copies. It only grows; a write holds the
// one it began with.
std::shared_ptr<const std::string> filler(std::size_t size) {
    static auto whole = std::make_shared<const std::string>();
    if (whole->size() < size) whole = std::make_shared<const std::string>(size, 'x');
    return whole;
}

Answer answer_to(std::string_view head) {
    const auto first = head.find(' ');
    const std::string_view path = head.substr(first + 1, head.find_first_of(" ?", first + 1) - first - 1);
    const auto argument = [&](std::string_view prefix) { return number(path.substr(prefix.size())); };
    Answer out;
    if (path.starts_with("/size/"))
        out.filler = argument("/size/");
    else
        out.body = name + "\n";
    if (path.starts_with("/status/")) out.status = static_cast<int>(argument("/status/"));
    if (path.starts_with("/slow/")) out.delay_ms = argument("/slow/");
    if (path == "/echo") out.body = head;
    if (path == "/close") out.close = true;
    if (path == "/count") out.body = std::to_string(served) + "\n";
    return out;
}

asio::awaitable<void> serve(tcp::socket socket) {
    std::string buffer, reply;
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    for (;;) {
        std::size_t length =
            co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "\r\n\r\n", token);
        if (error) co_return;
        const std::string head = buffer.substr(0, length);
        buffer.erase(0, length);
        std::size_t body = number(field(head, "content-length"));
        if (field(head, "transfer-encoding") == "chunked") {
            // Good enough for a test server: chunked bodies are read up to their last chunk, without
            // trailers.
            if (buffer.find("0\r\n\r\n") == std::string::npos)
                co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), "0\r\n\r\n", token);
            if (error) co_return;
            body = buffer.find("0\r\n\r\n") + 5;
        }
        while (buffer.size() < body) {
            const std::size_t before = buffer.size();
            buffer.resize(body);
            const std::size_t got =
                co_await socket.async_read_some(asio::buffer(buffer.data() + before, body - before), token);
            buffer.resize(before + got);
            if (error) co_return;
        }
        buffer.erase(0, body);
        ++served;
        const Answer answer = answer_to(head);
        if (answer.delay_ms != 0) {
            asio::steady_timer timer(socket.get_executor(), std::chrono::milliseconds(answer.delay_ms));
            co_await timer.async_wait(token);
        }
        reply = "HTTP/1.1 " + std::to_string(answer.status) + " Test\r\nX-Server: " + name +
                "\r\nContent-Length: " + std::to_string(answer.body.size() + answer.filler) +
                (answer.close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
        const bool with_body = !head.starts_with("HEAD ");
        if (with_body) reply += answer.body;
        const auto large = filler(answer.filler);
        const std::array<asio::const_buffer, 2> pieces{
            asio::buffer(reply), asio::buffer(large->data(), with_body ? answer.filler : 0)};
        co_await asio::async_write(socket, pieces, token);
        if (error || answer.close) co_return;
    }
}

asio::awaitable<void> listen(tcp::acceptor acceptor) {
    for (;;) {
        // A client that is gone before it is accepted must not end the server.
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        tcp::socket socket = co_await acceptor.async_accept(token);
        if (error) continue;
        socket.set_option(tcp::no_delay(true), error);
        const auto executor = socket.get_executor();
        asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view where = argc == 3 ? argv[2] : "";
    const auto colon = where.rfind(':');
    if (colon == std::string_view::npos) {
        std::fprintf(stderr, "usage: test_origin NAME IP:PORT\n");
        return 2;
    }
    name = argv[1];
    asio::io_context io(1);
    const tcp::endpoint endpoint(asio::ip::make_address(where.substr(0, colon)),
                                 static_cast<unsigned short>(number(where.substr(colon + 1))));
    asio::co_spawn(io, listen(tcp::acceptor(io, endpoint)), asio::detached);
    asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&](auto, auto) { io.stop(); });
    std::printf("%s serves %s\n", argv[1], argv[2]);
    std::fflush(stdout);
    io.run();
}
