#include "proxyd/session/stickiness.h"

#include <algorithm>
#include <string>

namespace proxyd::session {
namespace {

using state::StickData;
using state::StickTable;

// The rule's table and this exchange's key in it; null: the rule does not apply.
StickTable* key_of(const StickRule& rule, const Exchange& exchange, std::string& key) {
    const rules::Context& context = exchange.context;
    if (context.shared == nullptr || !rule.condition.evaluate(context)) return nullptr;
    StickTable* const table = context.shared->proxies[static_cast<std::size_t>(rule.table)]->table.get();
    rules::Sample sample;
    if (table == nullptr || !rule.key->evaluate(context, sample) ||
        !rules::stick_key(*table, sample, context.arena, key))
        return nullptr;
    return table;
}

std::size_t server_with_id(const state::ProxyState& backend, std::uint64_t id) {
    const auto found = std::ranges::find_if(
        backend.servers, [id](const auto& server) { return static_cast<std::uint64_t>(server->id) == id; });
    return found == backend.servers.end() ? balance::kNone
                                          : static_cast<std::size_t>(found - backend.servers.begin());
}

void store(Exchange& exchange, bool StickRule::* when) {
    const state::ServerState* const server = exchange.context.server;
    const upstream::ServerSettings* const settings = exchange.lease.settings();
    if (server == nullptr || (settings != nullptr && settings->non_stick)) return;
    thread_local std::string key;
    for (const StickRule& rule : exchange.backend->stick_rules) {
        if (!(rule.*when)) continue;
        StickTable* const table = key_of(rule, exchange, key);
        if (table == nullptr) continue;
        const auto place = table->place(StickData::server_id);
        if (!place) continue;
        table->with(key, true, true, [&](StickTable::Entry& entry) {
            entry.cells[*place].count = static_cast<std::uint64_t>(server->id);
        });
    }
}

}  // namespace

void choose_by_tables(Exchange& exchange) {
    const state::ProxyState& backend = *exchange.context.backend;
    thread_local std::string key;
    for (const StickRule& rule : exchange.backend->stick_rules) {
        if (exchange.wanted != balance::kNone) return;
        if (!rule.match) continue;
        StickTable* const table = key_of(rule, exchange, key);
        const auto place = table != nullptr ? table->place(StickData::server_id) : std::nullopt;
        if (!place) continue;
        std::uint64_t id = 0;
        table->with(key, false, true, [&](StickTable::Entry& entry) { id = entry.cells[*place].count; });
        const std::size_t server = id != 0 ? server_with_id(backend, id) : balance::kNone;
        if (server != balance::kNone && backend.servers[server]->accepts_known_clients())
            exchange.wanted = server;
    }
}

void store_for_request(Exchange& exchange) {
    if (!exchange.backend->stick_rules.empty()) store(exchange, &StickRule::store_request);
}

void store_for_response(Exchange& exchange) {
    if (!exchange.backend->stick_rules.empty()) store(exchange, &StickRule::store_response);
}

}  // namespace proxyd::session
