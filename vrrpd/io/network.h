// The node's links and addresses (rtnetlink(7), by libnl-route): a picture kept current by notifications, and
// the requests that set and remove addresses. Requests and notifications use sockets of their own, so that a
// flood of notifications cannot lose an answer. When the kernel had to drop notifications (ENOBUFS),
// everything is dumped again and compared, and the differences are reported as if they had been notified.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/error.h"
#include "vrrpd/config/model.h"
#include "vrrpd/packet/address.h"

struct nl_sock;
struct nl_msg;
struct nl_object;

namespace vrrpd::io {

struct Link {
    int index = 0;
    std::string name;
    bool up = false;  // administratively up and with carrier
    bool loopback = false;
    packet::MacAddress mac{};  // all zero where the link has none
    bool operator==(const Link&) const = default;
};

struct NodeAddress {
    int link = 0;  // index
    packet::IpAddress address;
    std::uint8_t prefix = 0;
    bool operator==(const NodeAddress&) const = default;
};

struct LinkChange {
    Link link;
    bool gone = false;
    bool fresh = false;  // an interface that was not there before
};
struct AddressChange {
    NodeAddress address;
    bool present = false;
};
// One to this destination was removed, by whomever and from whichever table.
struct RouteGone {
    packet::IpAddress destination;
    std::uint8_t length = 0;
};
struct RuleGone {};
using NetworkChange = std::variant<LinkChange, AddressChange, RouteGone, RuleGone>;

class Network {
 public:
    // Subscribes, then takes the first picture.
    static common::Result<std::unique_ptr<Network>> open();
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    // Readable: call receive(). It never blocks and brings the picture up to date.
    int fd() const;
    std::vector<NetworkChange> receive();

    const Link* find(std::string_view name) const;
    const Link* find(int index) const;
    const std::vector<Link>& links() const { return links_; }
    // In the kernel's order: the primary address of a subnet before its secondaries.
    const std::vector<NodeAddress>& addresses() const { return addresses_; }

    // Asks the kernel, not the picture, which may lag behind.
    bool is_set(const packet::IpAddress& address, int link) const;

    // Setting what is set, and removing what is not, succeeds. add() returns whether something was missing.
    common::Result<bool> add(const config::AddressEntry& entry, int link);
    common::Result<> remove(const config::AddressEntry& entry, int link);
    common::Result<bool> add(const config::RouteEntry& route);
    common::Result<> remove(const config::RouteEntry& route);
    common::Result<bool> add(const config::RuleEntry& rule);
    common::Result<> remove(const config::RuleEntry& rule);

    // A macvlan (mode private) of that name and MAC on `base`, up, marked as ours. One that is there and fits
    // is kept with its addresses; one that is somebody else's is an error. Returns whether it was made. It is
    // in the picture at once.
    common::Result<bool> ensure_macvlan(const std::string& name, const std::string& base,
                                        const packet::MacAddress& mac, packet::Family family);
    std::vector<std::string> our_macvlans() const;  // also those of a former life
    void remove_macvlan(const std::string& name);   // only one of ours

    // From now on receive() tells of routes and rules that are gone. Not before somebody has any to lose: a
    // router's full table is a lot of news. IPv4 routes that go with their interface or source address are
    // not notified: whoever sees those change must look himself.
    common::Result<> watch_routes();

 private:
    struct SocketDeleter {
        void operator()(nl_sock* socket) const;
    };
    using Socket = std::unique_ptr<nl_sock, SocketDeleter>;

    Network() = default;
    common::Result<> connect();
    common::Result<std::vector<Link>> dump_links() const;
    common::Result<std::vector<NodeAddress>> dump_addresses() const;
    int exchange(nl_msg* message);  // takes the message; 0 or an errno
    int index_of(const std::string& name) const;
    void on_route_message(nl_msg* message);
    void resync();
    void apply(LinkChange change);
    void apply(AddressChange change);
    static int on_message(nl_msg* message, void* self);
    static void on_object(nl_object* object, void* self);

    Socket requests_, notifications_;
    std::vector<Link> links_;
    std::vector<NodeAddress> addresses_;
    std::vector<NetworkChange> changes_;  // of the receive() that runs
    bool watches_routes_ = false;
    bool removing_ = false;  // the message being parsed is a deletion
};

}  // namespace vrrpd::io
