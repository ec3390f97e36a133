#include "proxyd/net/netscaler_header.h"

#include <catch2/catch.hpp>

using namespace proxyd::net;
using namespace std::string_literals;

namespace {

constexpr std::uint32_t kMagic = 0x4e534950;
const std::string kMagicBytes = "NSIP";

std::string number(std::size_t value, std::size_t size) {
    std::string out;
    for (std::size_t i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i));
    return out;
}

// 192.0.2.1:1234 to 198.51.100.2:80; `words` of the IP header: 5 without options.
std::string packet4(std::size_t words = 5, char protocol = 6) {
    std::string ip = std::string(1, static_cast<char>(0x40 | words)) + std::string(8, '\0') + protocol +
                     "\0\0\xc0\x00\x02\x01\xc6\x33\x64\x02"s;
    ip.resize(4 * words);
    return ip + "\x04\xd2\x00\x50"s + std::string(16, '\0');
}

// [2001:db8::1]:1234 to [2001:db8::2]:443
std::string packet6(char protocol = 6) {
    const std::string net = "\x20\x01\x0d\xb8"s + std::string(11, '\0');
    return "\x60\0\0\0\0\x14"s + protocol + "\x40" + net + "\x01" + net + "\x02" + "\x04\xd2\x01\xbb"s +
           std::string(16, '\0');
}

std::string old_header(const std::string& packet) {
    return kMagicBytes + number(packet.size(), 4) + packet;
}
std::string new_header(const std::string& packet) {
    return kMagicBytes + number(packet.size() + 12, 4) + number(1, 2) + number(packet.size(), 2) + packet;
}

// Every beginning asks for more, and what follows the header is not counted.
void check(const std::string& data, const std::string& source, const std::string& destination) {
    ProxyHeader out;
    for (std::size_t size = 0; size < data.size(); ++size) {
        CAPTURE(size);
        CHECK(parse_netscaler_header(data.substr(0, size), kMagic, out).status == ProxyStatus::more);
    }
    const NetscalerResult result = parse_netscaler_header(data + "GET / HTTP/1.1\r\n", kMagic, out);
    REQUIRE(result.status == ProxyStatus::done);
    CHECK(result.consumed == data.size());
    CHECK(out.source.to_string() == source);
    CHECK(out.destination.to_string() == destination);
    CHECK_FALSE(out.local);
}

void refused(const std::string& data, NetscalerFault fault) {
    ProxyHeader out;
    const NetscalerResult result = parse_netscaler_header(data, kMagic, out);
    CHECK(result.status == ProxyStatus::error);
    CHECK(result.fault == fault);
}

}  // namespace

TEST_CASE("NetScaler headers of both versions") {
    check(old_header(packet4()), "192.0.2.1:1234", "198.51.100.2:80");
    check(new_header(packet4()), "192.0.2.1:1234", "198.51.100.2:80");
    check(old_header(packet6()), "[2001:db8::1]:1234", "[2001:db8::2]:443");
    check(new_header(packet6()), "[2001:db8::1]:1234", "[2001:db8::2]:443");
    check(new_header(packet4(15)), "192.0.2.1:1234", "198.51.100.2:80");
    check(old_header(packet4() + std::string(12, '\1')), "192.0.2.1:1234", "198.51.100.2:80");  // TCP options
}

TEST_CASE("What is no NetScaler header") {
    refused("GET / HTTP/1.1\r\n", NetscalerFault::magic);
    refused("NSI_", NetscalerFault::magic);
    refused(kMagicBytes + number(40, 4) + "\x15"s, NetscalerFault::protocol);
    refused(old_header(packet4(5, 17)), NetscalerFault::protocol);
    refused(new_header(packet6(17)), NetscalerFault::protocol);
    refused(new_header(packet4(4)), NetscalerFault::protocol);
    refused(new_header(packet4().substr(0, 39)), NetscalerFault::protocol);
    refused(old_header(packet6().substr(0, 59)), NetscalerFault::protocol);
    refused(new_header(""), NetscalerFault::protocol);
    refused(new_header("\x50" + packet4().substr(1)), NetscalerFault::protocol);
    refused(kMagicBytes + number(0xffffffff, 4) + packet4(), NetscalerFault::protocol);
}
