// Workers on threads of their own, and small servers on loopback, for tests that use real sockets.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "common/endpoint.h"
#include "common/unique_fd.h"
#include "proxyd/net/task.h"
#include "proxyd/net/waiter.h"
#include "proxyd/net/worker.h"

// A false alarm of g++ 12 about the frames of coroutines that are lambdas.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace proxyd::test {

class Loop {
 public:
    explicit Loop(int index = 0)
        : worker(net::WorkerSettings{.index = index}), thread_([this] { worker.run(); }) {}
    ~Loop() { join(); }
    // Ends the thread: nothing of the worker runs afterwards.
    void join() {
        if (!thread_.joinable()) return;
        worker.stop();
        thread_.join();
    }
    // Runs a coroutine on the worker; the result is its future.
    std::future<void> start(std::function<net::Task<>()> body) {
        auto promise = std::make_shared<std::promise<void>>();
        auto future = promise->get_future();
        worker.post([this, promise, body = std::make_shared<std::function<net::Task<>()>>(std::move(body))] {
            boost::asio::co_spawn(worker.executor(), (*body)(),
                                  [promise, body](std::exception_ptr) { promise->set_value(); });
        });
        return future;
    }
    void run(std::function<net::Task<>()> body) { start(std::move(body)).wait(); }
    // Runs a plain function on the worker's thread and waits for it.
    void call(std::function<void()> job) {
        std::promise<void> done;
        worker.post([&] {
            job();
            done.set_value();
        });
        done.get_future().wait();
    }

    net::Worker worker;

 private:
    std::thread thread_;
};

// A listening socket on 127.0.0.1; with `answer` a thread accepts, reads until a blank line and answers each
// request.
class TinyServer {
 public:
    explicit TinyServer(std::string answer = {}, int backlog = 64) : answer_(std::move(answer)) {
        listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        address_ = *common::Endpoint::from_ip("127.0.0.1", 0);
        ::bind(listener_.get(), address_.data(), address_.size());
        socklen_t size = common::Endpoint::capacity();
        ::getsockname(listener_.get(), address_.data(), &size);
        ::listen(listener_.get(), backlog);
        thread_ = std::thread([this] { serve(); });
    }
    ~TinyServer() { stop(); }
    // Nothing listens here afterwards; the port stays known.
    void stop() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
        listener_.reset();
        connections_.clear();
    }
    const common::Endpoint& address() const { return address_; }
    int accepted() const { return accepted_; }
    int open_connections() const { return open_; }
    std::string last_request() const {
        const std::lock_guard lock(mutex_);
        return request_;
    }
    void set_answer(std::string answer) {
        const std::lock_guard lock(mutex_);
        answer_ = std::move(answer);
    }
    // The answer is followed by the end of the connection.
    std::atomic<bool> close_after_answer{false};

 private:
    struct Connection {
        common::UniqueFd fd;
        std::string received;
    };

    void serve() {
        while (!stopping_) {
            std::vector<pollfd> polled{{listener_.get(), POLLIN, 0}};
            for (const Connection& connection : connections_)
                polled.push_back({connection.fd.get(), POLLIN, 0});
            if (::poll(polled.data(), polled.size(), 10) <= 0) continue;
            for (std::size_t i = polled.size(); i-- > 1;)
                if (polled[i].revents != 0 && !feed(connections_[i - 1]))
                    connections_.erase(connections_.begin() + static_cast<long>(i) - 1);
            if (polled[0].revents != 0) {
                connections_.push_back(
                    {common::UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)), {}});
                ++accepted_;
            }
            open_ = static_cast<int>(connections_.size());
        }
    }

    bool feed(Connection& connection) {
        char buffer[4096];
        const ssize_t count = ::recv(connection.fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (count <= 0) return false;
        connection.received.append(buffer, static_cast<std::size_t>(count));
        if (connection.received.find("\r\n\r\n") == std::string::npos) return true;
        const std::lock_guard lock(mutex_);
        request_ = std::move(connection.received);
        connection.received.clear();
        if (!answer_.empty()) ::send(connection.fd.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
        return !close_after_answer;
    }

    mutable std::mutex mutex_;
    std::string answer_;
    std::string request_;
    common::UniqueFd listener_;
    common::Endpoint address_;
    std::vector<Connection> connections_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> accepted_{0};
    std::atomic<int> open_{0};
    std::thread thread_;
};

// A port on which nobody listens.
inline common::Endpoint dead_address() {
    TinyServer server;
    return server.address();
}

template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

}  // namespace proxyd::test
