// Gratuitous ARP and neighbour adverts at the pace that vrrp_garp_interval, vrrp_gna_interval and garp_group
// allow: without a pace they leave at once, otherwise they wait in line per interface or group, and nothing
// else waits for them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "common/error.h"
#include "common/logging.h"
#include "vrrpd/config/model.h"
#include "vrrpd/io/announcer.h"
#include "vrrpd/io/network.h"

namespace vrrpd::engine {

class AnnounceQueue {
 public:
    AnnounceQueue(boost::asio::io_context& io, const io::Network& network, const io::Announcer& announcer)
        : io_(io), network_(network), announcer_(announcer) {}

    // New paces, from the next message of an interface on.
    void configure(const config::Config& config);

    // `owner` is who may later forget() it. An interface that is not there or a loopback gets nothing. Fails
    // where it is sent at once and cannot be; later failures are logged.
    common::Result<> announce(const void* owner, const packet::IpAddress& address,
                              const std::string& interface);

    // The owner has lost its addresses: what waits for them is not sent.
    void forget(const void* owner);

    std::size_t waiting() const;

 private:
    struct Item {
        const void* owner;
        packet::IpAddress address;
        std::string interface;
        bool operator==(const Item&) const = default;
    };
    // What shares a pace: an interface or a garp_group, one family.
    struct Lane {
        explicit Lane(boost::asio::io_context& io) : timer(io) {}
        common::Duration pace{};
        common::TimePoint next{};
        std::deque<Item> items;
        boost::asio::steady_timer timer;
        bool armed = false;
    };
    Lane& lane_of(const std::string& interface, packet::Family family);
    common::Result<> send(const packet::IpAddress& address, const std::string& interface) const;
    void arm(Lane& lane);
    void run(Lane& lane);

    boost::asio::io_context& io_;
    const io::Network& network_;
    const io::Announcer& announcer_;
    common::Duration default_pace_[2]{};  // IPv4, IPv6
    struct GroupPace {
        std::string key;
        common::Duration pace[2]{};
    };
    std::map<std::string, GroupPace> groups_;  // by interface
    std::map<std::string, std::unique_ptr<Lane>> lanes_;
    common::log::RateLimiter lines_{std::chrono::seconds(10)};
};

}  // namespace vrrpd::engine
