// All advert sockets of the node: one per interface and family, shared by the instances there, and the way of
// a received packet to its instance.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "vrrpd/io/advert_socket.h"
#include "vrrpd/packet/address.h"
#include "vrrpd/packet/advert.h"

namespace vrrpd::engine {

class AdvertHub {
 public:
    // `interface` is the name the socket is bound to.
    using Handler =
        std::function<void(const std::string& interface, packet::Family, const packet::Datagram&)>;

    AdvertHub(boost::asio::io_context& io, Handler handler) : io_(io), handler_(std::move(handler)) {}
    ~AdvertHub();

    // Makes sure that there is a socket on the interface (of that index: a former one of the same name is
    // replaced) and that it hears `group`; a unicast address as `group` joins nothing.
    common::Result<> listen(packet::Family family, const std::string& interface, int index,
                            const packet::IpAddress& group);

    // Fails when there is no socket on the interface.
    common::Result<> send(const std::string& interface, std::span<const std::uint8_t> payload,
                          const packet::IpAddress& source, const packet::IpAddress& destination, int ttl);

    // Delivers everything that has arrived on any socket. A flood is cut off after kMaxDrain packets per
    // socket.
    void drain();

    // Sockets on interfaces for which `in_use` is false are closed (after a reload, when an interface is
    // gone).
    void prune(const std::function<bool(const std::string& interface, packet::Family)>& in_use);

 private:
    static constexpr int kMaxDrain = 512;
    struct Entry;
    Entry* find(packet::Family family, const std::string& interface);
    void wait(const std::shared_ptr<Entry>& entry);
    void drain(Entry& entry);

    boost::asio::io_context& io_;
    Handler handler_;
    std::vector<std::shared_ptr<Entry>> entries_;
};

}  // namespace vrrpd::engine
