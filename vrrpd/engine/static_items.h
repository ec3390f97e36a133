// static_ipaddress, static_routes, static_rules: on the node while the keeper runs, whatever the roles are.
// What somebody deletes is set again; what cannot be set (its interface is missing) is tried again when links
// change, and meanwhile its track_group is not complete.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "vrrpd/config/model.h"
#include "vrrpd/fsm/rate_limit.h"
#include "vrrpd/fsm/tracking.h"
#include "vrrpd/io/network.h"

namespace vrrpd::engine {

class StaticItems {
 public:
    // `changed` is called when a group() has changed, not from within configure().
    StaticItems(boost::asio::io_context& io, io::Network& network, std::function<void()> changed)
        : network_(network), timer_(io), changed_(std::move(changed)) {}

    // Sets what the configuration has, and removes what only the former one had.
    void configure(std::shared_ptr<const config::Config> config);
    void remove_all();

    // Something was deleted or a link came up: what is missing is set again, soon.
    void on_change(const io::NetworkChange& change);

    // Bad while an item of this track_group cannot be set.
    fsm::TrackResult group(const std::string& name) const;

 private:
    void restore();
    template <class Items>
    void set(const Items& items, bool at_start);
    template <class Entry>
    void set_one(const Entry& entry, bool at_start);
    common::Result<bool> add(const config::AddressEntry& entry);
    common::Result<bool> add(const config::RouteEntry& entry) { return network_.add(entry); }
    common::Result<bool> add(const config::RuleEntry& entry) { return network_.add(entry); }
    void remove(const config::AddressEntry& entry);
    void remove(const config::RouteEntry& entry) { (void)network_.remove(entry); }
    void remove(const config::RuleEntry& entry) { (void)network_.remove(entry); }

    io::Network& network_;
    boost::asio::steady_timer timer_;
    std::shared_ptr<const config::Config> config_;
    struct Failure {
        std::string group, reason;
    };
    std::map<std::string, Failure> failed_;  // by item, each told of once
    std::function<void()> changed_;
    fsm::RateLimit restores_;
    bool armed_ = false;
};

}  // namespace vrrpd::engine
