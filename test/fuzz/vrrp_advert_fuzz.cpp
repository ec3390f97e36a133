// The first byte chooses the family; the rest is what a raw socket might deliver.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "vrrpd/packet/advert.h"

using namespace vrrpd::packet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::span<const std::uint8_t> bytes(data + 1, size - 1);
    Datagram datagram;
    if (data[0] & 1) {
        datagram.source = IpAddress::parse("fe80::1").value();
        datagram.destination = IpAddress::parse("ff02::12").value();
        datagram.ttl = data[0];
        datagram.payload = bytes;
    } else if (const auto split = split_ipv4(bytes)) {
        datagram = *split;
    } else {
        return 0;
    }
    Expectations expected;
    expected.version = data[0] & 2 ? 3 : 2;
    expected.vrid = peek_vrid(datagram.payload).value_or(0);
    if (const auto got = receive(datagram, expected); !got) (void)describe(got.error());
    if (const auto advert = decode(datagram)) {
        // What was understood must survive being sent again.
        const auto again = encode(*advert, datagram.source, datagram.destination);
        if (decode({datagram.source, datagram.destination, 255, again}) != *advert) std::abort();
    }
    return 0;
}
