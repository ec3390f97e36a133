#include "proxyd/config/server_line.h"

#include <algorithm>
#include <cstdlib>

#include "common/text.h"
#include "proxyd/config/address.h"
#include "proxyd/config/socket_words.h"
#include "proxyd/config/source_words.h"
#include "proxyd/upstream/proxy_vectors.h"

namespace proxyd::config {
namespace {

using Word = WordRow<ServerDraft>;
using upstream::ServerSettings;

template <bool ServerSettings::* member, bool value = true>
void set_flag(const WordInput&, ServerDraft& server) {
    server.settings.*member = value;
}

template <int ServerSettings::* member, int high = 1'000'000'000>
void set_count(const WordInput& word, ServerDraft& server) {
    read_number(word, 0, high, server.settings.*member);
}

// "80%" belongs to the runtime; in a file it means the number.
void set_weight(const WordInput& word, ServerDraft& server) {
    read_number(word, 0, 256, server.settings.weight);
}

void set_cookie(const WordInput& word, ServerDraft& server) {
    if (server.is_default) return word.error("a server's cookie cannot be the same for all");
    server.settings.cookie = word.arguments[0];
}

void set_pool_size(const WordInput& word, ServerDraft& server) {
    read_number(word, -1, 1'000'000'000, server.settings.pool_max_idle);
}

void set_max_reuse(const WordInput& word, ServerDraft& server) {
    read_number(word, -1, 1'000'000'000, server.settings.max_reuse);
}

void set_slow_start(const WordInput& word, ServerDraft& server) {
    read_duration(word, server.settings.slowstart);
}

void set_id(const WordInput& word, ServerDraft& server) {
    if (server.is_default) return word.error("a server's number cannot be the same for all");
    read_number(word, 1, 0x7fffffff, server.settings.id);
}

void set_hash_key(const WordInput& word, ServerDraft& server) {
    using balance::HashKey;
    const std::string& name = word.arguments[0];
    if (name != "id" && name != "addr" && name != "addr-port")
        return word.error("expects 'id', 'addr' or 'addr-port'");
    server.settings.hash_key = name == "id"     ? HashKey::id
                               : name == "addr" ? HashKey::address
                                                : HashKey::address_and_port;
}

void set_pool_purge(const WordInput& word, ServerDraft& server) {
    read_duration(word, server.settings.pool_purge_delay);
}

using SourceReader = std::string (*)(const std::string& text, upstream::SourceSettings& out);

template <SourceReader read>
void set_source(const WordInput& word, ServerDraft& server) {
    if (const std::string complaint = read(word.arguments[0], server.settings.source); !complaint.empty())
        word.error(complaint);
}

net::SocketOptions& socket_of(ServerDraft& server) {
    return server.settings.socket;
}
std::string& namespace_of(ServerDraft& server) {
    return server.settings.network_namespace;
}

template <SocketReader read>
constexpr auto set_option = set_socket<read, ServerDraft, socket_of>;

void set_socks(const WordInput& word, ServerDraft& server) {
    const auto address = parse_peer_address(word.arguments[0], 0);
    if (!address) return word.error(address.error().text);
    if (!address->address.is_ip() || address->address.port() == 0)
        return word.error("expects <address>:<port>, not '" + word.arguments[0] + "'");
    server.settings.socks4 = address->address;
}

void set_init_addr(const WordInput& word, ServerDraft& server) {
    for (const std::string_view method : common::split(word.arguments[0], ','))
        if (method != "last" && method != "libc" && method != "none" && !common::Endpoint::from_ip(method, 0))
            return word.error("unknown way '" + std::string(method) + "' (last, libc, none or an address)");
    server.settings.init_addr = word.arguments[0];
}

void set_resolvers(const WordInput& word, ServerDraft& server) {
    server.settings.resolvers_name = word.arguments[0];
}

void set_family(const WordInput& word, ServerDraft& server) {
    const std::string& family = word.arguments[0];
    if (family != "ipv4" && family != "ipv6") return word.error("expects 'ipv4' or 'ipv6'");
    server.settings.resolve.family = family == "ipv4" ? AF_INET : AF_INET6;
}

void set_networks(const WordInput& word, ServerDraft& server) {
    server.settings.resolve.networks.clear();
    for (const std::string_view text : common::split(word.arguments[0], ',')) {
        const auto network = rules::parse_network(text);
        if (!network) return word.error(network.error().text);
        server.settings.resolve.networks.push_back(*network);
    }
}

void set_resolve_options(const WordInput& word, ServerDraft& server) {
    upstream::AddressPreference& resolve = server.settings.resolve;
    for (const std::string_view option : common::split(word.arguments[0], ',')) {
        if (option == "allow-dup-ip")
            resolve.allow_duplicates = true;
        else if (option == "prevent-dup-ip")
            resolve.allow_duplicates = false;
        else if (option == "ignore-weight")
            resolve.ignore_weight = true;
        else
            return word.error("unknown option '" + std::string(option) +
                              "' (allow-dup-ip, prevent-dup-ip, ignore-weight)");
    }
}

void send_proxy(const WordInput&, ServerDraft& server) {
    server.settings.send_proxy = true;
    server.settings.send_proxy_v2 = false;
}
void send_proxy_v2(const WordInput&, ServerDraft& server) {
    server.settings.send_proxy = false;
    server.settings.send_proxy_v2 = true;
}

template <unsigned options>
void send_proxy_with(const WordInput& word, ServerDraft& server) {
    send_proxy_v2(word, server);
    server.settings.proxy_options |= options;
}
template <unsigned options>
void send_proxy_without(const WordInput&, ServerDraft& server) {
    server.settings.send_proxy_v2 = false;
    server.settings.proxy_options &= ~options;
}

void set_proxy_options(const WordInput& word, ServerDraft& server) {
    for (const std::string_view name : common::split(word.arguments[0], ',')) {
        const auto bits = upstream::proxy_option(name);
        if (!bits)
            return word.error("unknown option '" + std::string(name) + "' (ssl, cert-cn, authority ...)");
        server.settings.proxy_options |= *bits;
    }
}

// set-proxy-v2-tlv-fmt(ID) FORMAT
void add_proxy_vector(const WordInput& word, ServerDraft& server) {
    const std::string id(word.parameter);
    char* end = nullptr;
    const long type = std::strtol(id.c_str(), &end, 0);
    if (id.empty() || *end != '\0' || type < 0 || type > 255)
        return word.error("expects a type from 0 to 255 (or 0x00 to 0xff) in parentheses, not '" + id + "'");
    auto format = rules::LogFormat::compile(word.arguments[0], rules::LogUse::text,
                                            word.in.model.catalogue.get(), rules::kAtConnect);
    if (!format) return word.error(format.error().text);
    server.settings.proxy_vectors.push_back({static_cast<int>(type), std::move(*format)});
}

constexpr unsigned kTls = upstream::kProxyTls;
constexpr unsigned kTlsAndName = upstream::kProxyTls | upstream::kProxyCommonName;

void set_protocol(const WordInput& word, ServerDraft& server) {
    const std::string& name = word.arguments[0];
    server.settings.speaks_fastcgi = name == "fcgi";
    if (name == "h2") return word.no_effect(kNoHttp2);
    if (name != "h1" && name != "none" && name != "fcgi")
        word.error("unknown protocol '" + name + "' (fcgi, h1 or h2)");
}

void set_redirect(const WordInput& word, ServerDraft& server) {
    server.settings.redirect_prefix = word.arguments[0];
}

void set_websocket(const WordInput& word, ServerDraft&) {
    const std::string& name = word.arguments[0];
    if (name == "h2") return word.no_effect(kNoHttp2);
    if (name != "auto" && name != "h1") word.error("unknown protocol '" + name + "' (auto, h1 or h2)");
}

constexpr Word kWords[] = {
    {"backup", 0, set_flag<&ServerSettings::backup>, Effect::works, "", "used when no other server is left"},
    {"non-stick", 0, set_flag<&ServerSettings::non_stick>, Effect::works, "", "stick tables do not learn it"},
    {"stick", 0, set_flag<&ServerSettings::non_stick, false>, Effect::works, "", "undoes non-stick"},
    {"no-backup", 0, set_flag<&ServerSettings::backup, false>, Effect::works, "", "undoes backup"},
    {"cookie", 1, set_cookie, Effect::works, "<value>", "value of the persistence cookie"},
    {"disabled", 0, set_flag<&ServerSettings::disabled>, Effect::works, "", "starts in maintenance"},
    {"enabled", 0, set_flag<&ServerSettings::disabled, false>, Effect::works, "", "undoes disabled"},
    {"hash-key", 1, set_hash_key, Effect::works, "id|addr|addr-port",
     "where its places on the ring of a consistent hash come from"},
    {"id", 1, set_id, Effect::works, "<number>", "number in statistics"},
    {"init-addr", 1, set_init_addr, Effect::works, "<methods>", "where the address comes from at the start"},
    {"maxconn", 1, set_count<&ServerSettings::maxconn>, Effect::works, "<number>",
     "connections at most, more are queued"},
    {"maxqueue", 1, set_count<&ServerSettings::maxqueue>, Effect::works, "<number>",
     "queued requests at most"},
    {"minconn", 1, set_count<&ServerSettings::minconn>, Effect::works, "<number>",
     "the limit while the backend is idle"},
    {"max-reuse", 1, set_max_reuse, Effect::works, "<number>",
     "times that a connection serves again, -1: no limit"},
    {"pool-max-conn", 1, set_pool_size, Effect::works, "<number>", "idle connections kept, -1: all"},
    {"pool-purge-delay", 1, set_pool_purge, Effect::works, "<time>",
     "how often idle connections are given up"},
    {"proto", 1, set_protocol, Effect::works, "fcgi|h1|h2", "what the connections speak"},
    {"send-proxy", 0, send_proxy, Effect::works, "", "PROXY protocol version 1 before the data"},
    {"no-send-proxy", 0, set_flag<&ServerSettings::send_proxy, false>, Effect::works, "",
     "undoes send-proxy"},
    {"send-proxy-v2", 0, send_proxy_v2, Effect::works, "", "PROXY protocol version 2 before the data"},
    {"no-send-proxy-v2", 0, set_flag<&ServerSettings::send_proxy_v2, false>, Effect::works, "",
     "undoes send-proxy-v2"},
    {"send-proxy-v2-ssl", 0, send_proxy_with<kTls>, Effect::works, "", "the same, with what TLS knows"},
    {"no-send-proxy-v2-ssl", 0, send_proxy_without<kTls>, Effect::works, "", "undoes send-proxy-v2-ssl"},
    {"send-proxy-v2-ssl-cn", 0, send_proxy_with<kTlsAndName>, Effect::works, "",
     "the same, with the common name of the client's certificate"},
    {"no-send-proxy-v2-ssl-cn", 0, send_proxy_without<kTlsAndName>, Effect::works, "",
     "undoes send-proxy-v2-ssl-cn"},
    {"proxy-v2-options", 1, set_proxy_options, Effect::works, "<options>", "what else that header tells"},
    {"set-proxy-v2-tlv-fmt", 1, add_proxy_vector, Effect::works, "<format>",
     "(<type>) a vector of that header, made for each connection", true},
    {"redir", 1, set_redirect, Effect::works, "<prefix>", "GET and HEAD are sent there with a 302"},
    {"resolvers", 1, set_resolvers, Effect::works, "<section>", "name servers that follow its name"},
    {"resolve-prefer", 1, set_family, Effect::works, "ipv4|ipv6", "the family of addresses to prefer"},
    {"resolve-net", 1, set_networks, Effect::works, "<network>[,...]", "networks to prefer"},
    {"resolve-opts", 1, set_resolve_options, Effect::works, "<option>[,...]", "how answers are used"},
    {"slowstart", 1, set_slow_start, Effect::works, "<time>", "until its whole load, after it has come up"},
    {"source", 1, set_source<read_source_address>, Effect::works, "<address>[:<port>[-<port>]]",
     "own address of the connections"},
    {"usesrc", 1, set_source<read_foreign_source>, Effect::works,
     "client|clientip|hdr_ip(<name>[,<occurrence>])|<address>[:<port>]", "the address that servers see"},
    {"interface", 1, set_source<read_source_interface>, Effect::works, "<name>",
     "the network interface of the connections"},
    {"cc", 1, set_option<read_congestion>, Effect::works, "<algorithm>", "TCP congestion control"},
    {"namespace", 1, set_namespace<ServerDraft, namespace_of>, Effect::works, "<name>",
     "the network namespace of the connections"},
    {"socks4", 1, set_socks, Effect::works, "<address>:<port>", "connections go through that SOCKS server"},
    {"strict-maxconn", 0, set_flag<&ServerSettings::strict_maxconn>, Effect::works, "",
     "idle connections count in maxconn, too; with several threads none are kept"},
    {"tcp-md5sig", 1, set_option<read_md5_password>, Effect::works, "<password>",
     "TCP segments are signed (RFC 2385)"},
    {"tcp-ut", 1, set_option<read_user_timeout>, Effect::works, "<time>",
     "how long sent data may stay unacknowledged"},
    {"tfo", 0, set_flag<&ServerSettings::fast_open>, Effect::works, "",
     "TCP fast open: the request may go with the SYN"},
    {"no-tfo", 0, set_flag<&ServerSettings::fast_open, false>, Effect::works, "", "undoes tfo"},
    {"ws", 1, set_websocket, Effect::works, "auto|h1|h2", "what WebSockets are carried by: HTTP/1.1"},
    {"weight", 1, set_weight, Effect::works, "<0..256>", "share of the load"},
};

std::vector<Word> all_words() {
    std::vector<Word> out;
    for (const auto table : {server_words(), server_check_words(), server_agent_words(), server_tls_words(),
                             server_algorithm_words(), server_inert_words()})
        out.insert(out.end(), table.begin(), table.end());
    return out;
}

bool is_name(Reading& in, const Statement& line, const std::string& name) {
    const auto bad = std::ranges::find_if_not(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_.:").contains(c);
    });
    if (bad == name.end()) return true;
    in.error(line, "'" + std::string(1, *bad) + "' is not permitted in the server name '" + name + "'");
    return false;
}

}  // namespace

void check_server_tls(Reading& in, const Statement& line, const ServerSettings& server) {
    if (server.tls && server.tls_client.verify && server.tls_client.ca_file.empty())
        in.error(line, "'server " + line.argument(0) +
                           "': 'ssl' needs 'ca-file FILE' to verify the server, or 'verify none'");
}

namespace {

// Address and words; nothing when refused.
std::optional<ServerDraft> read_server(Reading& in, const Statement& line, std::size_t address_at) {
    ServerDraft server{in.draft->preset.default_server, false};
    server.settings.where = line.where;
    const std::string text = expand_address(line.argument(address_at),
                                            [&](std::string_view name) { return in.environment.get(name); });
    const auto address = parse_server_address(text);
    if (!address) in.error(line, address.error());
    const std::vector<Word> table = all_words();
    read_words<ServerDraft>(in, line, line.arguments().subspan(address_at + 1), table, server);
    if (!address) return std::nullopt;
    server.settings.host = address->host;
    server.settings.address = address->address;
    server.settings.written_as_name = address->address.empty() && !address->host.empty();
    server.settings.port = address->port;
    // The port of an SRV record's server is the record's.
    server.settings.keep_client_port = address->keep_client_port && !server.settings.is_service();
    server.settings.port_offset = address->port_offset;
    server.settings.client_destination = address->client_destination;
    const bool local = address->address.family() == AF_UNIX && !address->address.empty();
    if (server.settings.check.enabled && address->port == 0 && server.settings.check.port == 0 && !local)
        in.warning(line, "'server " + line.argument(0) +
                             "': checks need a port: write it after the address or with 'port N'");
    if (!server.settings.track.empty() && server.settings.check.enabled)
        in.error(line, "'server " + line.argument(0) + "': it cannot track another server and be checked");
    if (server.settings.observe != upstream::Observe::nothing && !server.settings.check.enabled)
        in.no_effect(line, "'observe' of 'server " + line.argument(0) + "'", "it needs 'check'");
    if (server.settings.agent.enabled && server.settings.agent.port == 0) {
        in.error(line, "'server " + line.argument(0) + "': 'agent-check' needs 'agent-port <port>'");
        server.settings.agent.enabled = false;
    }
    check_server_tls(in, line, server.settings);
    return server;
}

}  // namespace

std::span<const Word> server_words() {
    return kWords;
}

void read_server_line(Reading& in, const Statement& line) {
    if (!is_name(in, line, line.argument(0))) return;
    auto server = read_server(in, line, 1);
    if (!server) return;
    server->settings.name = line.argument(0);
    in.proxy().upstream.servers.push_back(std::move(server->settings));
}

void read_server_template_line(Reading& in, const Statement& line) {
    if (!is_name(in, line, line.argument(0))) return;
    const std::string& range = line.argument(1);
    const auto dash = range.find('-');
    const auto first =
        common::parse_number(dash == std::string::npos ? "1" : range.substr(0, dash), 0, 100'000);
    const auto last =
        common::parse_number(dash == std::string::npos ? range : range.substr(dash + 1), 0, 100'000);
    if (!first || !last || *last < *first)
        return in.error(line, "'server-template' expects a number or a range A-B, not '" + range + "'");
    const auto server = read_server(in, line, 2);
    if (!server) return;
    for (auto number = *first; number <= *last; ++number) {
        in.proxy().upstream.servers.push_back(server->settings);
        in.proxy().upstream.servers.back().name = line.argument(0) + std::to_string(number);
    }
}

void read_default_server_line(Reading& in, const Statement& line) {
    ServerDraft server{in.draft->preset.default_server, true};
    const std::vector<Word> table = all_words();
    read_words<ServerDraft>(in, line, line.arguments(), table, server);
    in.draft->preset.default_server = std::move(server.settings);
}

}  // namespace proxyd::config
