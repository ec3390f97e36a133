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

void set_forwardfor(Reading& in, const Statement& line) {
    session::ForwardFor& forward = in.proxy().forwardfor;
    forward = {};
    if (line.no || line.reset) return;
    forward.enabled = true;
    const auto words = line.arguments();
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "if-none") {
            forward.if_none = true;
        } else if ((words[i] == "except" || words[i] == "header") && i + 1 < words.size()) {
            (words[i] == "except" ? forward.except_network : forward.header) = words[i + 1];
            ++i;
        } else {
            return in.error(line,
                            "'option forwardfor' expects [except NETWORK] [header NAME] [if-none], not '" +
                                words[i] + "'");
        }
    }
    if (forward.except_network.empty()) return;
    const std::string_view network = forward.except_network;
    if (!common::Endpoint::from_ip(network.substr(0, network.find('/')), 0))
        in.error(line, "'option forwardfor except' expects an address or a network, not '" +
                           forward.except_network + "'");
}

void set_redispatch(Reading& in, const Statement& line) {
    upstream::BackendSettings& backend = in.proxy().upstream;
    backend.redispatch = !line.no && !line.reset;
    backend.redispatch_interval = -1;
    if (backend.redispatch && line.count() > 0)
        read_number(in, line, 0, -1'000'000, 1'000'000, backend.redispatch_interval);
    if (backend.redispatch_interval == 0) backend.redispatch = false;
}

void set_tcpka(Reading& in, const Statement& line) {
    proxy_flag<&InheritedSettings::tcpka_client>(in, line);
    proxy_flag<&InheritedSettings::tcpka_server>(in, line);
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
    flag("clitcpka", kFrontendSide, proxy_flag<&InheritedSettings::tcpka_client>,
         "TCP keep-alive to clients"),
    flag("contstats", kFrontendSide, accept, "counters are current at any time anyway"),
    works("forwardfor", kProxies, 0, -1, set_forwardfor, "[except <network>] [header <name>] [if-none]",
          "tell servers the client's address", kBoth),
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
    flag("socket-stats", kFrontendSide, accept, "listeners are counted one by one anyway"),
    flag("splice-auto", kProxies, accept, "large bodies travel in large pieces, which costs less"),
    flag("splice-request", kProxies, proxy_flag<&InheritedSettings::splice_request>,
         "large requests go through a pipe"),
    flag("splice-response", kProxies, proxy_flag<&InheritedSettings::splice_response>,
         "large responses go through a pipe"),
    flag("srvtcpka", kBackendSide, proxy_flag<&InheritedSettings::tcpka_server>, "TCP keep-alive to servers"),
    flag("tcp-smart-accept", kFrontendSide, accept, "acknowledgements wait for data anyway"),
    flag("tcp-smart-connect", kBackendSide, accept, "acknowledgements wait for data anyway"),
    flag("tcpka", kProxies, set_tcpka, "TCP keep-alive on both sides"),
    inert("assume-rfc6587-ntf", kLogForward, "a message that begins with its length is taken by its length"),
    inert("disable-h2-upgrade", kFrontendSide, "HTTP/2 is not supported yet"),
    inert("dont-parse-log", kLogForward, "without 'format' messages keep the form in which they came"),
    inert("forwarded", kBackendSide, kNotYet),
    inert("h1-case-adjust-bogus-client", kFrontendSide, kNotYet),
    inert("h1-case-adjust-bogus-server", kBackendSide, kNotYet),
    inert("http-drop-request-trailers", kBackendSide, kNotYet),
    inert("http-drop-response-trailers", kFrontendSide, kNotYet),
    inert("http-use-htx", kProxies, "there is only one internal form of messages"),
    inert("http-use-proxy-header", kFrontendSide, "the header Proxy-Connection is not looked at"),
    inert("idle-close-on-response", kFrontendSide, kNotYet),
    inert("independent-streams", kProxies, kNotYet),
    inert("nolinger", kProxies, kNotYet),
    inert("originalto", kProxies, kNotYet),
    flag("persist", kBackendSide, proxy_flag<&InheritedSettings::persist>,
         "a client's cookie counts even for servers that are down"),
    flag("prefer-last-server", kBackendSide, proxy_flag<&InheritedSettings::prefer_last_server>,
         "a client's own idle connection is used before the algorithm is asked"),
    inert("start-on-reload", kProgram, "programs are not started"),
    inert("use-small-buffers", kProxies, kOwnTuning),
    Keyword{
        "checkcache", kBackendSide, 0, 0,
        [](Reading& in, const Statement& line) {
            if (!line.no && !line.reset)
                in.error(
                    line,
                    "'option checkcache' is refused: not supported yet; responses that it blocks would pass");
        },
        Effect::works, "", "only its 'no' is accepted", kBoth},
    Keyword{"http-restrict-req-hdr-names", kProxies, 0, 1,
            [](Reading& in, const Statement& line) {
                if (!line.no && !line.reset && (line.count() == 0 || line.argument(0) != "preserve"))
                    in.error(
                        line,
                        "'option http-restrict-req-hdr-names' is refused: not supported yet; names that it "
                        "blocks would pass");
            },
            Effect::works, "preserve", "only 'preserve' is accepted", kBoth},
    refused("http_proxy", kProxies, "requests would not go where their URI says"),
    refused("transparent", kBackendSide,
            "not supported yet; connections would not go where the client wanted"),
};

}  // namespace

std::span<const Keyword> option_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
