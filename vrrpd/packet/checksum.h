// The Internet checksum (RFC 1071) over byte runs that are not contiguous: a pseudo header, then the message.
#pragma once

#include <cstdint>
#include <span>

#include "vrrpd/packet/address.h"

namespace vrrpd::packet {

class Checksum {
 public:
    // Every run but the last has an even number of bytes.
    Checksum& add(std::span<const std::uint8_t> bytes);
    // Source, destination, length and protocol as IPv4 and IPv6 lay them out for upper-layer checksums.
    Checksum& add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint32_t length,
                                std::uint8_t protocol);
    // Ones' complement, host order. 0 over a message that carries its own right checksum.
    std::uint16_t value() const;

 private:
    std::uint64_t sum_ = 0;
};

}  // namespace vrrpd::packet
