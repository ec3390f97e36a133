// show peers (management manual 9.3).
#include <string>

#include "proxyd/admin/commands.h"

namespace proxyd::admin {

namespace {

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string seconds(std::int64_t value) {
    return value < 0 ? "<NEVER>" : std::to_string(value) + "s";
}

std::string table_text(const peers::PeerView::Table& table) {
    return "          local_id=" + number(table.id) + " remote_id=" + number(table.progress.remote_id) +
           "\n              last_acked=" + number(table.progress.acknowledged) +
           " last_pushed=" + number(table.progress.sent) + " last_get=" + number(table.progress.received) +
           "\n              table:" + table.name + " id=" + table.name + " update=" + number(table.changes) +
           "\n";
}

std::string peer_text(const peers::PeerView& peer) {
    std::string text = "  " + peer.name + ": id=" + peer.name + "(" + (peer.local ? "local" : "remote") +
                       "," + (peer.up ? "active" : "inactive") + ") addr=" + peer.address +
                       " last_status=" + peer.status + " last_hdshk=" + seconds(peer.handshake_s) + "\n";
    text += "        reconnect=" +
            (peer.reconnect_ms > 0 ? number(static_cast<std::uint64_t>(peer.reconnect_ms)) + "ms"
                                   : std::string("<NEVER>")) +
            " tx_hbt=" + number(peer.heartbeats_out) + " rx_hbt=" + number(peer.heartbeats_in) +
            " no_hbt=" + number(peer.silences) + " new_conn=" + number(peer.connections) +
            " proto_err=" + number(peer.protocol_errors) + " coll=" + number(peer.collisions) + "\n";
    if (!peer.tables.empty()) text += "        shared tables:\n";
    for (const auto& table : peer.tables) text += table_text(table);
    return text;
}

std::string show_peers(const CommandCall& call) {
    const auto& view = call.context.view->peers;
    std::string text;
    for (const peers::SectionView& section : view ? view() : std::vector<peers::SectionView>()) {
        const std::string_view wanted = call.argument(0) == "dict" ? call.argument(1) : call.argument(0);
        if (!wanted.empty() && wanted != "-" && wanted != section.name) continue;
        text += "id=" + section.name + " disabled=" + (section.disabled ? "1" : "0") +
                " resync=" + (section.up_to_date ? "finished" : "waiting") + "\n";
        for (const peers::PeerView& peer : section.peers) text += peer_text(peer);
    }
    return text;
}

constexpr CommandRow kRows[] = {
    {"show peers", "[dict|-] [section]", "dump some information about all the peers or this peers section",
     Level::oper, show_peers},
};

}  // namespace

std::span<const CommandRow> peers_commands() {
    return kRows;
}

}  // namespace proxyd::admin
