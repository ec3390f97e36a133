// A proxy of one worker, one listen section and one fake server, in this process over loopback.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/unique_fd.h"
#include "proxyd/net/buffer_pool.h"
#include "proxyd/net/worker.h"
#include "proxyd/session/entrance.h"
#include "proxyd/session/runtime.h"

namespace test {

// A listening socket on a free port of 127.0.0.1.
common::UniqueFd listen_somewhere(std::uint16_t& port);

// A blocking client or server connection with a five-second limit on everything.
class Peer {
 public:
    explicit Peer(common::UniqueFd fd);
    static Peer connect(std::uint16_t port);

    void send(std::string_view bytes);
    std::string receive(std::size_t size);            // at least that many, less at the end
    std::string receive_until(std::string_view end);  // all bytes up to and with `end`
    std::string receive_head() { return receive_until("\r\n\r\n"); }
    std::string receive_all();  // until the end of input
    bool ended();               // waits for FIN or reset
    void finish();              // FIN
    void reset();               // RST
    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }

 private:
    bool fill();
    common::UniqueFd fd_;
    std::string buffered_;
};

// Accepts connections one after the other and runs a script on each; several at a time, each in a thread.
class FakeServer {
 public:
    using Script = std::function<void(Peer&)>;
    explicit FakeServer(Script script);
    ~FakeServer();
    std::uint16_t port() const { return port_; }
    int accepted() const { return accepted_; }

 private:
    void serve();
    std::uint16_t port_ = 0;
    common::UniqueFd listener_;
    Script script_;
    std::atomic<int> accepted_{0};
    std::atomic<bool> stop_{false};
    std::vector<std::thread> connections_;
    std::thread thread_;
};

class Site {
 public:
    // `adjust` changes the section before it goes to work.
    explicit Site(std::uint16_t server_port,
                  const std::function<void(proxyd::session::ProxySettings&)>& adjust = {});
    ~Site();

    std::uint16_t port() const { return port_; }
    proxyd::session::Runtime& runtime() { return runtime_; }
    proxyd::state::ProxyState& state() { return *state_.proxies[0]; }
    proxyd::net::Worker& worker() { return worker_; }
    // Runs on the worker's thread and waits for it.
    void on_worker(const std::function<void()>& job);
    void stop_softly();
    // Polls until the condition holds; false after five seconds.
    static bool eventually(const std::function<bool()>& condition);

 private:
    std::uint16_t port_ = 0;
    std::vector<std::unique_ptr<proxyd::session::ProxySettings>> proxies_;
    proxyd::state::SharedState state_{1};
    proxyd::session::Runtime runtime_;
    proxyd::net::Worker worker_;
    std::unique_ptr<proxyd::session::Entrance> entrance_;
    std::thread thread_;
};

}  // namespace test
