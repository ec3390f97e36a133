// interface_up_down_delays: a change of an interface's state is believed when it has lasted. Instances and
// track_interface see what stands here, not the kernel's last word.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/config/model.h"
#include "vrrpd/io/network.h"

namespace vrrpd::engine {

class LinkDelays {
 public:
    // `settled` is called, with the name of an interface, when a change has lasted for its delay.
    LinkDelays(boost::asio::io_context& io, std::function<void(const std::string&)> settled)
        : io_(io), settled_(std::move(settled)) {}

    // An interface that was followed before keeps the state it is believed to have.
    void configure(const std::vector<config::LinkDelay>& delays, const io::Network& network);

    // News of a link. One that is gone is down without delay.
    void note(const io::Link& link, bool gone);

    // The state that instances are to see.
    bool up(const io::Link& link) const;

 private:
    struct Watched {
        explicit Watched(boost::asio::io_context& io) : timer(io) {}
        common::Duration down{}, up{};
        bool believed = false;
        bool waiting = false;
        boost::asio::steady_timer timer;
    };
    void wait(const std::string& name, Watched& watched, bool up);

    boost::asio::io_context& io_;
    std::function<void(const std::string&)> settled_;
    std::map<std::string, std::unique_ptr<Watched>, std::less<>> watched_;
};

}  // namespace vrrpd::engine
