// One connected control socket as lines in and lines out; what server and client share.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/control/protocol.h"
#include "common/unique_fd.h"

namespace common::control {

class LineChannel : public std::enable_shared_from_this<LineChannel> {
 public:
    using Socket = boost::asio::local::stream_protocol::socket;

    LineChannel(Socket socket, std::size_t max_line, std::size_t max_output);

    // on_end is called once, and not by close(). Both hold weak references at most.
    std::function<void(std::string_view line)> on_line;
    std::function<void(const std::string& reason)> on_end;

    void start();
    void send(std::string text, std::vector<UniqueFd> fds = {});
    void finish();  // close once everything has been sent; nothing more is read
    void close();
    bool closed() const { return !socket_.is_open(); }

 private:
    struct Item {
        std::string text;
        std::vector<UniqueFd> fds;  // travel with the first byte
    };
    void read();
    void write();
    bool write_some();  // false: has to wait
    void end(const std::string& reason);

    Socket socket_;
    LineReader reader_;
    std::deque<Item> output_;
    std::size_t output_bytes_ = 0;
    std::size_t max_output_;
    bool waiting_to_write_ = false;
    bool finishing_ = false;
};

}  // namespace common::control
