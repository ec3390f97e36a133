// Sends gratuitous ARP and unsolicited neighbour advertisements as whole frames (packet(7)). Receives
// nothing.
#pragma once

#include "common/error.h"
#include "common/unique_fd.h"
#include "vrrpd/io/network.h"
#include "vrrpd/packet/address.h"

namespace vrrpd::io {

class Announcer {
 public:
    static common::Result<Announcer> open();

    // One message that says: `address` is at this link's hardware address.
    common::Result<> announce(const packet::IpAddress& address, const Link& link) const;

 private:
    common::UniqueFd socket_;
};

}  // namespace vrrpd::io
