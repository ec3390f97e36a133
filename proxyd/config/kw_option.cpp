// option NAME: connections, headers, TCP (configuration manual 4.2). Those about logs and checks have their
// own files.
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using session::InheritedSettings;
using session::KeepAlive;

// The three modes exclude each other; the last one written counts, "no" undoes its own.
template <KeepAlive mode>
void set_keep_alive(Reading& in, const Statement& line) {
    KeepAlive& current = in.proxy().keep_alive;
    if (!line.no && !line.reset)
        current = mode;
    else if (current == mode)
        current = KeepAlive::keep_alive;
}

void set_redispatch(Reading& in, const Statement& line) {
    upstream::BackendSettings& backend = in.proxy().upstream;
    backend.redispatch = !line.no && !line.reset;
    backend.redispatch_interval = -1;
    if (backend.redispatch && line.count() > 0)
        read_number(in, line, 0, -1'000'000, 1'000'000, backend.redispatch_interval);
    if (backend.redispatch_interval == 0) backend.redispatch = false;
}

void set_clitcpka(Reading& in, const Statement& line) {
    in.proxy().tcpka.on = !line.no && !line.reset;
}
void set_srvtcpka(Reading& in, const Statement& line) {
    in.proxy().upstream.tcpka.on = !line.no && !line.reset;
}
void set_tcpka(Reading& in, const Statement& line) {
    set_clitcpka(in, line);
    set_srvtcpka(in, line);
}

void set_nolinger(Reading& in, const Statement& line) {
    proxy_flag<&InheritedSettings::nolinger>(in, line);
    backend_flag<&upstream::BackendSettings::nolinger>(in, line);
}

void buffer_requests(Reading& in, const Statement& line) {
    if (in.draft->kind == kBackend && !line.no && !line.reset)
        return in.no_effect(line, "'option http-buffer-request' of a backend",
                            "bodies are waited for before a backend is chosen; write it in the frontend");
    in.proxy().body_wait.wanted = !line.no && !line.reset;
}

constexpr unsigned char kBoth = kNo | kDefault;
constexpr std::string_view kExtra = "";

constexpr Keyword flag(std::string_view name, Sections where, Handler handler, std::string_view help) {
    return works(name, where, 0, 0, handler, kExtra, help, kBoth);
}

constexpr Keyword kKeywords[] = {
    flag("abortonclose", kBackendSide, proxy_flag<&InheritedSettings::abortonclose>,
         "give up for clients that left"),
    flag("accept-invalid-http-request", kFrontendSide, proxy_flag<&InheritedSettings::accept_invalid_request>,
         "tolerate odd bytes in requests"),
    flag("accept-invalid-http-response", kBackendSide,
         proxy_flag<&InheritedSettings::accept_invalid_response>, "tolerate odd bytes in responses"),
    flag("accept-unsafe-violations-in-http-request", kFrontendSide,
         proxy_flag<&InheritedSettings::accept_invalid_request>, "tolerate odd bytes in requests"),
    flag("accept-unsafe-violations-in-http-response", kBackendSide,
         proxy_flag<&InheritedSettings::accept_invalid_response>, "tolerate odd bytes in responses"),
    flag("allbackups", kBackendSide, backend_flag<&upstream::BackendSettings::allbackups>,
         "use all backup servers at a time"),
    flag("clitcpka", kFrontendSide, set_clitcpka, "TCP keep-alive to clients"),
    flag("contstats", kFrontendSide, accept, "counters are current at any time anyway"),
    flag("http-buffer-request", kProxies, buffer_requests, "wait for the request's body"),
    flag("http-ignore-probes", kFrontendSide, proxy_flag<&InheritedSettings::http_ignore_probes>,
         "close without answer when no request came"),
    flag("http-keep-alive", kProxies, set_keep_alive<KeepAlive::keep_alive>,
         "keep connections on both sides"),
    flag("http-no-delay", kProxies, proxy_flag<&InheritedSettings::http_no_delay>,
         "send every piece at once"),
    flag("http-pretend-keepalive", kBackendSide, proxy_flag<&InheritedSettings::http_pretend_keepalive>,
         "do not announce the close to servers"),
    flag("http-server-close", kProxies, set_keep_alive<KeepAlive::server_close>,
         "close after each response to servers"),
    flag("httpclose", kProxies, set_keep_alive<KeepAlive::close>, "close after each response on both sides"),
    removed("forceclose", kProxies, 0, 0, set_keep_alive<KeepAlive::close>, "", "'option httpclose'"),
    removed("http-tunnel", kProxies, 0, 0, set_keep_alive<KeepAlive::keep_alive>, "",
            "'option http-keep-alive': every request is treated on its own"),
    works("redispatch", kBackendSide, 0, 1, set_redispatch, "[<interval>]", "retry on another server", kBoth),
    flag("idle-close-on-response", kFrontendSide, proxy_flag<&InheritedSettings::idle_close_on_response>,
         "a soft stop waits for the next request of idle connections"),
    flag("independent-streams", kProxies, proxy_flag<&InheritedSettings::independent_streams>,
         "in tunnels, what is written to a side does not prolong the wait for its bytes"),
    flag("nolinger", kProxies, set_nolinger, "connections end with a reset and leave nothing behind"),
    flag("socket-stats", kFrontendSide, proxy_flag<&InheritedSettings::socket_stats>,
         "statistics show each listener"),
    flag("splice-auto", kProxies, accept, "large bodies travel in large pieces, which costs less"),
    flag("splice-request", kProxies, proxy_flag<&InheritedSettings::splice_request>,
         "large requests go through a pipe"),
    flag("splice-response", kProxies, proxy_flag<&InheritedSettings::splice_response>,
         "large responses go through a pipe"),
    flag("srvtcpka", kBackendSide, set_srvtcpka, "TCP keep-alive to servers"),
    flag("tcp-smart-accept", kFrontendSide, accept, "acknowledgements wait for data anyway"),
    flag("tcp-smart-connect", kBackendSide, accept, "acknowledgements wait for data anyway"),
    flag("tcpka", kProxies, set_tcpka, "TCP keep-alive on both sides"),
    flag("transparent", kBackendSide, backend_flag<&upstream::BackendSettings::to_client_destination>,
         "who is bound to no server goes where he wanted to go"),
    inert("assume-rfc6587-ntf", kLogForward, "a message that begins with its length is taken by its length"),
    inert("disable-h2-upgrade", kFrontendSide, kNoHttp2),
    inert("dont-parse-log", kLogForward, "without 'format' messages keep the form in which they came"),
    inert("http-use-htx", kProxies, "there is only one internal form of messages"),
    inert("http-use-proxy-header", kFrontendSide,
          "as in HAProxy since 2.1: the header Connection alone tells whether a connection is kept"),
    flag("persist", kBackendSide, proxy_flag<&InheritedSettings::persist>,
         "a client's cookie counts even for servers that are down"),
    flag("prefer-last-server", kBackendSide, proxy_flag<&InheritedSettings::prefer_last_server>,
         "a client's own idle connection is used before the algorithm is asked"),
    inert("use-small-buffers", kProxies, "all buffers have the size of tune.bufsize"),
    flag("checkcache", kBackendSide, proxy_flag<&InheritedSettings::checkcache>,
         "answers that leave a cookie in caches are replaced by 502"),
    refused("http_proxy", kProxies, "requests would not go where their URI says"),
};

}  // namespace

std::span<const Keyword> option_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
