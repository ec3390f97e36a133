// timeout NAME TIME (configuration manual 4.2), and the words of old files for three of them.
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using session::Timeouts;

template <common::Duration Timeouts::* member>
void set(Reading& in, const Statement& line) {
    read_duration(in, line, 0, in.proxy().timeouts.*member);
}

constexpr std::string_view kTime = "<time>";

constexpr Keyword kKeywords[] = {
    works("check", kBackendSide, 1, 1, set<&Timeouts::check>, kTime, "a health check waits for an answer"),
    works("client", kFrontendSide, 1, 1, set<&Timeouts::client>, kTime, "a client is silent"),
    works("client-fin", kFrontendSide, 1, 1, set<&Timeouts::client_fin>, kTime,
          "a client closed one direction"),
    works("connect", kBackendSide, 1, 1, set<&Timeouts::connect>, kTime, "a connection to a server is made"),
    works("http-keep-alive", kProxies, 1, 1, set<&Timeouts::http_keep_alive>, kTime,
          "the next request is awaited"),
    works("http-request", kProxies, 1, 1, set<&Timeouts::http_request>, kTime, "a request's header arrives"),
    works("queue", kBackendSide, 1, 1, set<&Timeouts::queue>, kTime, "a request waits for a server"),
    works("server", kBackendSide, 1, 1, set<&Timeouts::server>, kTime, "a server is silent"),
    works("server-fin", kBackendSide, 1, 1, set<&Timeouts::server_fin>, kTime,
          "a server closed one direction"),
    works("tarpit", kProxies, 1, 1, set<&Timeouts::tarpit>, kTime, "a tarpitted request is held"),
    works("tunnel", kBackendSide, 1, 1, set<&Timeouts::tunnel>, kTime,
          "a tunnel is silent in both directions"),
    works("client-hs", kFrontendSide, 1, 1, set<&Timeouts::client_handshake>, kTime,
          "a client's TLS handshake lasts; without it 'timeout client'"),
};

constexpr Keyword kOldKeywords[] = {
    removed("clitimeout", kFrontendSide, 1, 1, set<&Timeouts::client>, kTime, "'timeout client TIME'"),
    removed("contimeout", kBackendSide, 1, 1, set<&Timeouts::connect>, kTime, "'timeout connect TIME'"),
    removed("srvtimeout", kBackendSide, 1, 1, set<&Timeouts::server>, kTime, "'timeout server TIME'"),
};

}  // namespace

std::span<const Keyword> timeout_keywords() {
    return kKeywords;
}
std::span<const Keyword> old_timeout_keywords() {
    return kOldKeywords;
}

}  // namespace proxyd::config
