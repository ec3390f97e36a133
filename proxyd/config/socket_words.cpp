#include "proxyd/config/socket_words.h"

#include <chrono>
#include <cstdint>

namespace proxyd::config {

std::string read_user_timeout(const std::string& text, net::SocketOptions& out) {
    const auto time = common::parse_duration(text);
    if (!time) return time.error().text;
    if (*time > std::chrono::milliseconds(INT32_MAX)) return "the time is too long";
    out.user_timeout = *time;
    return {};
}

// What the kernel has, it shows in tcp_available_congestion_control; it may load more when asked.
std::string read_congestion(const std::string& name, net::SocketOptions& out) {
    constexpr std::size_t kLongest = 15;  // TCP_CA_NAME_MAX
    if (name.empty() || name.size() > kLongest) return "'" + name + "' is no congestion control";
    out.congestion = name;
    return {};
}

std::string read_md5_password(const std::string& text, net::SocketOptions& out) {
    if (text.empty() || text.size() > net::kLongestMd5Password)
        return "a password has 1 to " + std::to_string(net::kLongestMd5Password) + " bytes";
    out.md5_password = text;
    return {};
}

std::string read_namespace(const std::string& name, std::string& out) {
    if (name == "*") return "a namespace that the client's PROXY header names is not looked at";
    if (::access((std::string(net::kNamespaceFolder) + name).c_str(), R_OK) != 0)
        return "there is no network namespace '" + name + "' ('ip netns add' makes one)";
    out = name;
    return {};
}

}  // namespace proxyd::config
