// A stranger who floods the segment with one VRRPv2 advert, evenly, and says how many left:
//
//   test_advert_flood OWN-ADDRESS PAYLOAD-IN-HEX PER-SECOND SECONDS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

#include "common/unique_fd.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kVrrp = 112;
constexpr auto kPause = std::chrono::microseconds(500);  // what is due by then leaves in one call
constexpr std::size_t kBatch = 64;

long number(std::string_view text, int base = 10) {
    long value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

common::UniqueFd open_socket(const char* own_address) {
    common::UniqueFd fd(::socket(AF_INET, SOCK_RAW, kVrrp));
    const int ttl = 255;
    const in_addr interface{::inet_addr(own_address)};
    sockaddr_in group{};
    group.sin_family = AF_INET;
    group.sin_addr.s_addr = ::inet_addr("224.0.0.18");
    const bool ready =
        fd && ::setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) == 0 &&
        ::setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface) == 0 &&
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&group), sizeof group) == 0;
    return ready ? std::move(fd) : common::UniqueFd();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    std::vector<char> payload;
    for (std::string_view hex = argv[2]; hex.size() >= 2; hex.remove_prefix(2))
        payload.push_back(static_cast<char>(number(hex.substr(0, 2), 16)));
    const long rate = number(argv[3]);
    const std::chrono::duration<double> length(static_cast<double>(number(argv[4])));
    const common::UniqueFd fd = open_socket(argv[1]);
    if (!fd) return std::perror("test_advert_flood"), 1;

    iovec part{payload.data(), payload.size()};
    std::array<mmsghdr, kBatch> batch{};
    for (mmsghdr& one : batch) {
        one.msg_hdr.msg_iov = &part;
        one.msg_hdr.msg_iovlen = 1;
    }
    const auto begin = Clock::now();
    long sent = 0;
    for (std::chrono::duration<double> past{}; past < length; past = Clock::now() - begin) {
        for (long due = static_cast<long>(past.count() * static_cast<double>(rate)); sent < due;) {
            const auto count = std::min<std::size_t>(kBatch, static_cast<std::size_t>(due - sent));
            const int done = ::sendmmsg(fd.get(), batch.data(), static_cast<unsigned>(count), 0);
            if (done <= 0) return std::perror("test_advert_flood"), 1;
            sent += done;
        }
        std::this_thread::sleep_for(kPause);
    }
    std::printf("%ld\n", sent);
    return 0;
}
