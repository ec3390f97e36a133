// reload_time_file: a file says when the configuration is to be read anew, so that all nodes change at once
// (keepalived.conf(5)).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/system_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "vrrpd/io/file_watch.h"

namespace vrrpd::admin {

// "HH:MM:SS", the next one; "YY-MM-DD HH:MM:SS", "YYYY-MM-DD HH:MM:SS"; behind each 'Z' for UTC, else local
// time. Nothing before or behind it. Fails for anything else, and for what is over.
common::Result<std::chrono::system_clock::time_point> parse_reload_time(
    std::string_view text, std::chrono::system_clock::time_point now);

class ReloadClock {
 public:
    ReloadClock(boost::asio::io_context& io, std::function<void()> due)
        : due_(std::move(due)), watch_(io), timer_(io) {}
    ~ReloadClock();
    ReloadClock(const ReloadClock&) = delete;
    ReloadClock& operator=(const ReloadClock&) = delete;

    // `path` empty: no file. `repeat`: the file stays when its time has come.
    void configure(std::string path, bool repeat);

 private:
    void wait();
    void look();

    std::function<void()> due_;
    std::string path_, text_;
    bool repeat_ = false;
    std::optional<io::FileWatch> files_;
    boost::asio::posix::stream_descriptor watch_;
    boost::asio::system_timer timer_;
};

}  // namespace vrrpd::admin
