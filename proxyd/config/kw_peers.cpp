// `peers` sections (configuration manual 3.5).
#include <algorithm>

#include "common/keyword_table.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/peers_section.h"
#include "proxyd/config/side_words.h"
#include "proxyd/config/stick_table_line.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using peers::PeerSettings;
using peers::Settings;

Settings& section(Reading& in) {
    return *in.peers[in.section_name].settings;
}

constexpr std::string_view kConnections = "connections of peers";

PeersDraft& draft(Reading& in) {
    return in.peers[in.section_name];
}

void add_peer(Reading& in, const Statement& line) {
    PeerSettings peer;
    peer.name = line.argument(0);
    peer.where = line.where;
    peer.local = peer.name == in.local_peer;
    Settings& own = section(in);
    for (const PeerSettings& other : own.peers)
        if (other.name == peer.name)
            return in.error(line, "there is a peer '" + peer.name + "' in this section already");
    std::size_t words = 1;
    if (line.count() > 1 && line.argument(1).find(':') != std::string::npos) {
        const auto address = parse_server_address(line.argument(1));
        if (!address) return in.error(line, address.error());
        if (address->address.empty() || address->port == 0)
            return in.error(line, "'" + line.words.front() + "' expects an address and a port, not '" +
                                      line.argument(1) + "'");
        peer.address = address->address;
        words = 2;
    } else if (!peer.local) {
        return in.error(line, "'" + line.words.front() + "': peer '" + peer.name +
                                  "' needs an address and a port: it is not the local one, which is '" +
                                  in.local_peer + "' ('localpeer', -L)");
    }
    upstream::ServerSettings said = draft(in).default_server;
    if (!read_side_server(in, line, line.arguments().subspan(words), kConnections, said)) return;
    peer.tls = side_tls(said);
    peer.server_name = side_server_name(said);
    own.peers.push_back(std::move(peer));
}

void set_bind(Reading& in, const Statement& line) {
    const auto addresses = parse_listen_addresses(line.argument(0));
    if (!addresses) return in.error(line, addresses.error());
    if (addresses->size() != 1 || addresses->front().address.empty())
        return in.error(line, "'bind' of a peers section expects one address and port");
    net::BindSettings said = draft(in).default_bind;
    if (!read_side_bind(in, line, line.arguments().subspan(1), kConnections, said)) return;
    section(in).bind = addresses->front().address;
    section(in).bind_tls = said.tls;
}

void set_default_bind(Reading& in, const Statement& line) {
    read_side_bind(in, line, line.arguments(), kConnections, draft(in).default_bind);
}

void set_default_server(Reading& in, const Statement& line) {
    read_side_server(in, line, line.arguments(), kConnections, draft(in).default_server);
}

template <bool disabled>
void set_disabled(Reading& in, const Statement&) {
    section(in).disabled = disabled;
}

void add_table(Reading& in, const Statement& line) {
    Statement rest = line;
    rest.words.erase(rest.words.begin() + 1);
    const auto settings = parse_stick_table(in, rest);
    if (settings) in.peers[in.section_name].tables.push_back({line.argument(0), line.where, *settings});
}

constexpr Keyword kKeywords[] = {
    works("peer", kPeers, 1, -1, add_peer, "<name> <address>:<port> [ssl ...]",
          "one of those that share the tables"),
    works("server", kPeers, 1, -1, add_peer, "<name> [<address>:<port>] [ssl ...]",
          "the same; the local one may leave its address to 'bind'"),
    works("bind", kPeers, 1, -1, set_bind, "<address>:<port> [ssl crt <file> ...]",
          "where the local peer listens"),
    works("default-bind", kPeers, 0, -1, set_default_bind, "[ssl crt <file> ...]", "what 'bind' starts with"),
    works("default-server", kPeers, 0, -1, set_default_server, "[ssl ...]", "what later peers start with"),
    works("disabled", kPeers, 0, 0, set_disabled<true>, "", "nothing is shared"),
    works("enabled", kPeers, 0, 0, set_disabled<false>, "", "undoes disabled"),
    works("table", kPeers, 2, -1, add_table, "<name> type <type> size <n> ...",
          "a stick table of the section, named <section>/<name> elsewhere"),
    inert("log", kPeers, "connections of peers are not logged; 'show peers' tells of them"),
    inert("shards", kPeers, "each peer gets everything"),
};

// Without the local peer nobody could tell who we are.
bool complete(Reading& in, const std::string& name, Settings& settings) {
    const PeerSettings* local = settings.local();
    if (local != nullptr && (!local->address.empty() || !settings.bind.empty())) return true;
    in.out.warning(settings.where,
                   "peers '" + name + "' shares nothing: " +
                       (local != nullptr ? "its local peer has no address"
                                         : "it has no peer named '" + in.local_peer +
                                               "', as this process is called ('localpeer', -L)"));
    settings.disabled = true;
    return false;
}

}  // namespace

std::span<const Keyword> peers_keywords() {
    return kKeywords;
}

void open_peers(Reading& in, const Statement& line) {
    PeersDraft& draft = in.peers[line.words[1]];
    if (draft.settings == nullptr) draft.settings = std::make_shared<Settings>();
    if (draft.settings->where.line != 0) {
        in.error(line, "there is already a peers section named '" + line.words[1] + "'");
        in.skip_section = true;
        return;
    }
    draft.settings->name = line.words[1];
    draft.settings->where = line.where;
    draft.default_server.tls_client = in.tls.server;
    draft.default_bind.tls = in.tls.bind;
}

void share_table(Reading& in, const Statement& line, const std::string& section) {
    PeersDraft& draft = in.peers[section];
    if (draft.settings == nullptr) draft.settings = std::make_shared<Settings>();
    if (draft.settings->mentioned.line == 0) draft.settings->mentioned = line.where;
    draft.shared.push_back(in.draft);
}

void add_peer_tables(Reading& in) {
    for (auto& [name, peers] : in.peers)
        for (PeersDraft::Table& table : peers.tables) {
            auto draft = std::make_unique<Draft>();
            draft->kind = kBackend;
            draft->name = name + "/" + table.name;
            draft->where = table.where;
            draft->settings->where = table.where;
            draft->settings->name = draft->name;
            draft->settings->http_mode = false;
            draft->settings->stick_table = table.settings;
            peers.shared.push_back(draft.get());
            in.proxies.push_back(std::move(draft));
        }
}

void finish_peers(Reading& in) {
    std::vector<std::string_view> names;
    for (const auto& [name, draft] : in.peers)
        if (draft.settings->where.line != 0) names.push_back(name);
    for (auto& [name, draft] : in.peers) {
        Settings& settings = *draft.settings;
        if (settings.where.line == 0) {
            in.out.error(settings.mentioned,
                         "unable to find peers section '" + name + "'" + common::did_you_mean(name, names));
            continue;
        }
        for (const Draft* shared : draft.shared) {
            const bool own = shared->name.starts_with(name + "/");
            settings.tables.push_back(
                {own ? shared->name.substr(name.size()) : shared->name, shared->settings->index});
        }
        complete(in, name, settings);
        in.model.peers.push_back(draft.settings);
    }
}

}  // namespace proxyd::config
