#include "proxyd/upstream/socks4.h"

#include <cerrno>

namespace proxyd::upstream {

namespace {

constexpr char kVersion = 4, kConnect = 1;
constexpr std::string_view kUser("proxyd\0", 7);

// Second byte of an answer.
constexpr unsigned char kGranted = 90, kRejected = 91;

}  // namespace

std::optional<std::string> socks4_request(const common::Endpoint& to) {
    if (to.family() != AF_INET) return std::nullopt;
    std::string request{kVersion, kConnect};
    request.append(reinterpret_cast<const char*>(&to.v4().sin_port), sizeof to.v4().sin_port);
    request.append(reinterpret_cast<const char*>(&to.v4().sin_addr), sizeof to.v4().sin_addr);
    request += kUser;
    return request;
}

int socks4_error(std::string_view answer) {
    if (answer.size() != kSocks4Answer || answer[0] != 0) return EPROTO;
    const auto code = static_cast<unsigned char>(answer[1]);
    if (code == kGranted) return 0;
    return code == kRejected ? ECONNREFUSED : EACCES;  // the rest: it does not know us
}

}  // namespace proxyd::upstream
