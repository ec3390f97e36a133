#include "proxyd/config/bind_line.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "proxyd/config/address.h"
#include "proxyd/config/files.h"
#include "proxyd/config/socket_words.h"
#include "proxyd/config/users.h"
#include "proxyd/net/tls_context.h"

namespace proxyd::config {
namespace {

using Bind = net::BindSettings;
using Word = WordRow<Bind>;

template <bool Bind::* member, bool value = true>
void set_flag(const WordInput&, Bind& bind) {
    bind.*member = value;
}

template <std::string Bind::* member>
void set_text(const WordInput& word, Bind& bind) {
    bind.*member = word.arguments[0];
}

template <int Bind::* member>
void set_count(const WordInput& word, Bind& bind) {
    read_number(word, 0, 1'000'000'000, bind.*member);
}

void set_mode(const WordInput& word, Bind& bind) {
    if (!parse_file_mode(word.arguments[0], bind.mode))
        word.error("'" + word.arguments[0] + "' is not an octal file mode such as 660");
}

void set_user(const WordInput& word, Bind& bind) {
    bind.user = word.arguments[0];
    if (!find_user(bind.user)) word.error("there is no user '" + bind.user + "'");
}

void set_group(const WordInput& word, Bind& bind) {
    bind.group = word.arguments[0];
    if (!find_group(bind.group)) word.error("there is no group '" + bind.group + "'");
}

void set_id(const WordInput& word, Bind& bind, std::string Bind::* member) {
    int number = 0;
    if (read_number(word, 0, 0x7fffffff, number)) bind.*member = std::to_string(number);
}
void set_uid(const WordInput& word, Bind& bind) {
    set_id(word, bind, &Bind::user);
}
void set_gid(const WordInput& word, Bind& bind) {
    set_id(word, bind, &Bind::group);
}

void set_protocol(const WordInput& word, Bind&) {
    if (word.arguments[0] == "h2") word.no_effect(kNoHttp2);
    if (word.arguments[0] != "h1" && word.arguments[0] != "h2")
        word.error("unknown protocol '" + word.arguments[0] + "' (h1 or h2)");
}

net::SocketOptions& socket_of(Bind& bind) {
    return bind.socket;
}
std::string& namespace_of(Bind& bind) {
    return bind.network_namespace;
}

template <SocketReader read>
constexpr auto set_option = set_socket<read, Bind, socket_of>;

void set_segment(const WordInput& word, Bind& bind) {
    int& segment = bind.socket.max_segment;
    if (!read_number(word, -65535, 65535, segment) || segment >= 0) return;
    word.no_effect("Linux does not shrink the segments of a connection that is there");
    segment = 0;
}

// Decimal, or hexadecimal with 0x.
void set_netscaler(const WordInput& word, Bind& bind) {
    std::string_view text = word.arguments[0];
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), bind.netscaler_magic, hexadecimal ? 16 : 10);
    if (error != std::errc() || end != text.data() + text.size() || bind.netscaler_magic == 0)
        return word.error("expects a number from 1 to 4294967295, not '" + word.arguments[0] + "'");
    bind.accept_netscaler = true;
}

constexpr auto inert = inert_word<Bind>;

constexpr std::string_view kNoQuicAddress = "QUIC is not spoken; this address is not opened";

constexpr Word kWords[] = {
    {"accept-proxy", 0, set_flag<&Bind::accept_proxy>, Effect::works, "",
     "clients speak the PROXY protocol first"},
    {"accept-netscaler-cip", 1, set_netscaler, Effect::works, "<magic number>",
     "clients begin with the addresses that a NetScaler inserts"},
    {"backlog", 1, set_count<&Bind::backlog>, Effect::works, "<number>",
     "length of the queue of new connections"},
    {"defer-accept", 0, set_flag<&Bind::defer_accept>, Effect::works, "",
     "wake up when the client has sent data"},
    {"gid", 1, set_gid, Effect::works, "<number>", "group of the Unix socket"},
    {"group", 1, set_group, Effect::works, "<name>", "group of the Unix socket"},
    {"id", 1, set_count<&Bind::id>, Effect::works, "<number>", "number in statistics"},
    {"interface", 1, set_text<&Bind::interface>, Effect::works, "<name>",
     "accept from this network interface only"},
    {"maxconn", 1, set_count<&Bind::maxconn>, Effect::works, "<number>",
     "connections of this listener at most"},
    {"mode", 1, set_mode, Effect::works, "<octal>", "file mode of the Unix socket"},
    {"name", 1, set_text<&Bind::name>, Effect::works, "<name>", "listener's name in logs and statistics"},
    {"tfo", 0, set_flag<&Bind::tfo>, Effect::works, "", "TCP fast open"},
    {"transparent", 0, set_flag<&Bind::transparent>, Effect::works, "",
     "accept connections to foreign addresses"},
    {"uid", 1, set_uid, Effect::works, "<number>", "owner of the Unix socket"},
    {"user", 1, set_user, Effect::works, "<name>", "owner of the Unix socket"},
    {"v4v6", 0, set_flag<&Bind::v4v6>, Effect::works, "", "an IPv6 address accepts IPv4, too"},
    {"v6only", 0, set_flag<&Bind::v6only>, Effect::works, "", "an IPv6 address accepts IPv6 only"},
    {"proto", 1, set_protocol, Effect::works, "h1|h2", "HTTP version of the connections"},
    {"cc", 1, set_option<read_congestion>, Effect::works, "<algorithm>", "TCP congestion control"},
    {"mss", 1, set_segment, Effect::works, "<bytes>", "TCP's largest segment"},
    {"namespace", 1, set_namespace<Bind, namespace_of>, Effect::works, "<name>",
     "the network namespace to listen in"},
    {"tcp-md5sig", 1, set_option<read_md5_password>, Effect::works, "<password>",
     "TCP segments are signed (RFC 2385), others not accepted"},
    {"tcp-ut", 1, set_option<read_user_timeout>, Effect::works, "<time>",
     "how long sent data may stay unacknowledged"},
    inert("expose-fd", 1, "sockets are handed over without it"),
    inert("guid-prefix", 1, kNoGuid),
    inert("idle-ping", 1, kNoHttp2),
    inert("label", 1, "no report here puts listeners together"),
    inert("level", 1, "it belongs on 'stats socket' lines"),
    inert("nbconn", 1, "it is for reverse HTTP ('rhttp@'), which needs HTTP/2"),
    inert("nice", 1, "all connections of a worker get the same share of its time"),
    inert("process", 1, "there is one process, and all its threads accept"),
    inert("severity-output", 1, "it belongs on 'stats socket' lines"),
    inert("shards", 1, "every worker has a socket of its own for each address anyway"),
    inert("thread", 1, "all threads accept on all addresses"),
    inert("quic-cc-algo", 1, kNoQuic),
    inert("quic-force-retry", 0, kNoQuic),
    inert("quic-socket", 1, kNoQuic),
};

// Listeners of a comma list or a port range differ in their address only.
Bind first_settings(const Reading& in) {
    Bind bind;
    bind.backlog = in.draft->preset.backlog;
    bind.mode = in.unix_bind.mode;
    bind.user = in.unix_bind.user;
    bind.group = in.unix_bind.group;
    bind.tls = in.tls.bind;
    return bind;
}

}  // namespace

void check_bind_tls(Reading& in, const Statement& line, const Bind& bind) {
    const bool named = std::ranges::any_of(line.words, [](const auto& word) {
        return word == "crt" || word == "crt-list" || word == "default-crt";
    });
    if (bind.tls.enabled && !named) in.error(line, "'bind' with 'ssl' needs a certificate: 'crt FILE'");
    if (!bind.tls.enabled && !bind.tls.crt.empty())
        in.warning(line, "'bind' has a certificate but no 'ssl': this address speaks plain text");
    if (bind.tls.verify_required && bind.tls.ca_file.empty() && bind.tls.ca_verify_file.empty())
        in.error(line, "'verify required' needs the authority of the clients' certificates: 'ca-file FILE'");
    if (bind.tls.algorithms.min_version > bind.tls.algorithms.max_version)
        in.error(line, "the TLS versions allowed here exclude each other");
    // Files that were readable one by one may still not fit each other, nor the ciphers the library.
    const bool read = (bind.tls.ca_file.empty() || check_authority(bind.tls.ca_file)) &&
                      (bind.tls.crl_file.empty() || ::access(bind.tls.crl_file.c_str(), R_OK) == 0);
    if (bind.tls.enabled && !bind.tls.crt.empty() && read) {
        if (const auto usable = net::TlsContext::server(bind.tls); !usable)
            in.error(line, "'bind' cannot speak TLS: " + usable.error().text);
    }
}

std::span<const Word> bind_words() {
    return kWords;
}

void read_bind_line(Reading& in, const Statement& line) {
    const std::string text =
        expand_address(line.argument(0), [&](std::string_view name) { return in.environment.get(name); });
    const auto addresses = parse_listen_addresses(text, in.unix_bind.prefix);
    if (!addresses) in.error(line, addresses.error());

    std::vector<Word> table(std::begin(kWords), std::end(kWords));
    for (const auto more : {bind_crt_words(), bind_tls_words(), bind_algorithm_words()})
        table.insert(table.end(), more.begin(), more.end());
    Bind bind = first_settings(in);
    bind.where = line.where;
    read_words<Bind>(in, line, line.arguments().subspan(1), table, bind);
    check_bind_tls(in, line, bind);
    if (!addresses) return;
    for (const ListenAddress& address : *addresses) {
        if (address.quic) {
            in.no_effect(line, "'" + address.text + "'", kNoQuicAddress);
            continue;
        }
        bind.text = address.text;
        bind.address = address.address;
        bind.inherited_fd = address.inherited_fd;
        in.proxy().binds.push_back(bind);
    }
}

}  // namespace proxyd::config
