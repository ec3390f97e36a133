// The connecting side of the control protocol: connects, says hello, reconnects for ever. On an io_context
// that one thread runs; handlers run on that thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/control/protocol.h"
#include "common/error.h"

namespace common::control {

struct ClientSettings {
    std::string path;
    Hello hello;
    Duration retry_first = std::chrono::milliseconds(20);  // doubles up to retry_max
    Duration retry_max = std::chrono::milliseconds(200);
    Duration hello_timeout = std::chrono::seconds(1);  // a peer that accepts and says nothing is left
    std::size_t max_output = 1024 * 1024;              // a peer that does not read is left
};

struct ClientHandlers {
    std::function<void(const Hello&)> on_up;  // the peer's hello has come
    std::function<void(const Message&)> on_message;
    std::function<void(const std::string& reason)> on_down;  // only after on_up; reconnecting goes on
};

class Client {
 public:
    Client(boost::asio::io_context& io, ClientSettings settings, ClientHandlers handlers);
    ~Client();  // no handler is called any more
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void start();
    void stop();
    bool up() const;
    void send(const Message& message);  // dropped when not up

 private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

// One question and its answer, blocking, for command-line tools (`vrrpd --show`, chk_haproxy).
Result<Response> ask(const std::string& path, const Hello& hello, const Request& request,
                     Duration timeout = std::chrono::seconds(2));

}  // namespace common::control
