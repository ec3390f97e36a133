// The listening side of the control protocol, on an io_context that one thread runs. Everything here,
// handlers included, runs on that thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "common/clock.h"
#include "common/control/protocol.h"
#include "common/error.h"
#include "common/unique_fd.h"

namespace common::control {

using ClientId = std::uint64_t;

struct PeerCredentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

struct ServerSettings {
    std::string path;
    Hello hello;  // sent to every peer at once
    ::mode_t mode = 0600;
    std::size_t max_clients = 16;                      // one place more is kept for root
    Duration hello_timeout = std::chrono::seconds(5);  // a peer that has not said hello by then goes
    // When all places are taken, a newcomer takes the place of the peer that has been silent longest, if for
    // at least this long. Peers that are `kept` (see keep()) stay.
    Duration idle_before_eviction = std::chrono::seconds(1);
    std::size_t max_output = 1024 * 1024;  // a peer that lets more than this pile up is closed
};

struct ServerHandlers {
    std::function<void(ClientId, const Hello&, const PeerCredentials&)> on_hello;
    std::function<void(ClientId, const Message&)> on_message;  // never a second Hello
    std::function<void(ClientId)> on_close;
};

class Server {
 public:
    Server(boost::asio::io_context& io, ServerSettings settings, ServerHandlers handlers);
    ~Server();  // closes all; unlinks the path unless disown_path() was called
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Binds and listens; a stale socket file is replaced. Error::code EADDRINUSE: a live process owns the
    // path (with a default path a notice, with an explicit one an error); EEXIST: something that is no socket
    // is in the way.
    Result<> listen();

    // Goes on with a listening socket of a predecessor or of the master.
    Result<> adopt(UniqueFd listener);

    void send(ClientId client, const Message& message);
    // The answer carries descriptors (hand-over of listening sockets); the caller's stay open.
    void send_with_fds(ClientId client, const Message& message, std::span<const int> fds);
    void broadcast(const Message& message);  // to all that said hello
    void close(ClientId client);             // after what was sent to it has left
    void keep(ClientId client);              // an established link: never evicted as idle

    std::size_t client_count() const;
    int listener_fd() const;  // for a hand-over; -1 when not listening

    // The successor owns the path from now on: never unlink it. Listening stops.
    void disown_path();

    // Takes connections no more; those that exist stay.
    void stop_listening();

 private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

// True when a process accepts connections at `path`.
bool has_live_owner(const std::string& path);

}  // namespace common::control
