// Adverts on one interface, one family: a raw socket (protocol 112) that receives and one that sends. Many
// instances share it. Packets arrive with the kernel's header facts for packet::receive() to judge.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/unique_fd.h"
#include "vrrpd/packet/address.h"
#include "vrrpd/packet/advert.h"

namespace vrrpd::io {

class AdvertSocket {
 public:
    // Bound to the interface of that index: when an interface is deleted and comes back, a new socket is
    // needed.
    static common::Result<AdvertSocket> open(packet::Family family, const std::string& interface, int index);

    // Groups are joined once each; a socket holds more than the system's default of 20.
    common::Result<> join(const packet::IpAddress& group);

    // `source` need not be the interface's own address, but an address of this node.
    common::Result<> send(std::span<const std::uint8_t> payload, const packet::IpAddress& source,
                          const packet::IpAddress& destination, int ttl) const;

    int fd() const { return receiver_.get(); }  // readable: call receive() until it returns false
    int index() const { return index_; }
    packet::Family family() const { return family_; }

    // The next packet, or false when there is none; `datagram` points into this object until the next call.
    // Packets that are not even IP are skipped.
    bool receive(packet::Datagram& datagram);

 private:
    bool receive_one(packet::Datagram& datagram, bool& usable);

    packet::Family family_ = packet::Family::v4;
    std::string interface_;
    int index_ = 0;
    common::UniqueFd receiver_, sender_;
    std::vector<packet::IpAddress> groups_;
    std::vector<std::uint8_t> buffer_;
};

}  // namespace vrrpd::io
