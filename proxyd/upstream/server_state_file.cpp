#include "proxyd/upstream/server_state_file.h"

#include <algorithm>
#include <array>

#include "common/text.h"

namespace proxyd::upstream {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::string_view kNothing = "-";

// Columns of a line; later releases append more.
enum Column : std::size_t {
    kBackendName = 1,
    kServerId = 2,
    kServerName = 3,
    kAddress = 4,
    kOperation = 5,
    kAdmin = 6,
    kWeight = 7,
    kInitialWeight = 8,
    kSince = 9,
    kCheckStatus = 10,
    kCheckResult = 11,
    kCheckHealth = 12,
    kCheckState = 13,
    kAgentState = 14,
    kForcedServerId = 16,
    kHost = 17,
    kPort = 18,
    kColumns = 19
};

struct NumberRow {
    std::string_view name;
    Column column;
    std::int64_t high;
};
constexpr std::array kNumbers{
    NumberRow{"srv_id", kServerId, 0x7fffffff},
    NumberRow{"srv_op_state", kOperation, 3},
    NumberRow{"srv_admin_state", kAdmin, 0xff},
    NumberRow{"srv_uweight", kWeight, 256},
    NumberRow{"srv_iweight", kInitialWeight, 256},
    NumberRow{"srv_time_since_last_change", kSince, INT64_MAX},
    NumberRow{"srv_check_status", kCheckStatus, 255},
    NumberRow{"srv_check_result", kCheckResult, 255},
    NumberRow{"srv_check_health", kCheckHealth, 0x7fffffff},
    NumberRow{"srv_check_state", kCheckState, 0xffff},
    NumberRow{"srv_agent_state", kAgentState, 0xffff},
    NumberRow{"srv_f_forced_id", kForcedServerId, 1},
    NumberRow{"srv_port", kPort, 65535},
};

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (const std::string_view word : common::split(line, ' '))
        if (!word.empty()) words.push_back(word);
    return words;
}

common::Result<SavedServer> parse_line(std::string_view text) {
    const std::vector<std::string_view> words = words_of(text);
    if (words.size() < kColumns)
        return common::fail("has " + std::to_string(words.size()) + " of " + std::to_string(kColumns) +
                            " columns");
    std::array<std::int64_t, kColumns> numbers{};
    for (const NumberRow& row : kNumbers) {
        const auto number = common::parse_number(words[row.column], 0, row.high);
        if (!number)
            return common::fail("'" + std::string(words[row.column]) + "' is no " + std::string(row.name));
        numbers[row.column] = *number;
    }
    SavedServer out;
    out.backend = words[kBackendName];
    out.name = words[kServerName];
    out.id = static_cast<int>(numbers[kServerId]);
    out.own_id = numbers[kForcedServerId] == 1;
    if (words[kAddress] != kNothing) {
        const auto address = common::Endpoint::from_ip(words[kAddress], 0);
        if (address) out.address = *address;  // another kind of address never changes
    }
    out.operation = static_cast<SavedOperation>(numbers[kOperation]);
    out.admin = static_cast<unsigned>(numbers[kAdmin]);
    out.weight = static_cast<int>(numbers[kWeight]);
    out.initial_weight = static_cast<int>(numbers[kInitialWeight]);
    out.since_s = numbers[kSince];
    if (words[kHost] != kNothing) out.host = words[kHost];
    out.port = static_cast<int>(numbers[kPort]);
    return out;
}

// What an operator wanted, unless the configuration has changed its mind since.
state::Admin admin_of(const SavedServer& saved, bool disabled) {
    const bool was_disabled = (saved.admin & kSavedConfiguredMaintenance) != 0;
    const bool forced = (saved.admin & kSavedForcedMaintenance) != 0;
    if (disabled != was_disabled) return disabled ? state::Admin::maintenance : state::Admin::ready;
    if (forced) return state::Admin::maintenance;
    return (saved.admin & kSavedForcedDrain) != 0 ? state::Admin::drain : state::Admin::ready;
}

// The port an operator has set; for a server with a name also the address it had (init-addr last).
common::Endpoint address_of(const SavedServer& saved, const ServerSettings& settings,
                            const common::Endpoint& configured) {
    common::Endpoint address = configured;
    const bool named = settings.written_as_name && !settings.is_service() &&
                       (saved.host.empty() || saved.host == settings.host);
    if (named && settings.init_addr.starts_with("last") && saved.address.is_ip()) address = saved.address;
    if (address.is_ip() && saved.port != 0 && !settings.keep_client_port)
        address.set_port(static_cast<std::uint16_t>(saved.port));
    return address;
}

}  // namespace

common::Result<SavedStates> parse_server_states(std::string_view text) {
    SavedStates states;
    int number = 0;
    for (std::string_view line : common::split(text, '\n')) {
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (number == 1 && line != kVersion)
            return common::fail("line 1: expects the version, which is '1', not '" +
                                std::string(line.substr(0, 40)) + "'");
        if (number == 1 || line.empty() || line.starts_with('#')) continue;
        auto server = parse_line(line);
        if (!server) {
            states.complaints.push_back({number, server.error().text});
            continue;
        }
        server->line = number;
        states.servers.push_back(std::move(*server));
    }
    return states;
}

const SavedServer* find_saved(const SavedStates& states, std::string_view backend,
                              const ServerSettings& server) {
    const SavedServer* by_number = nullptr;
    for (const SavedServer& saved : states.servers) {
        if (saved.backend != backend) continue;
        if (saved.name == server.name) return &saved;
        if (server.id != 0 && saved.own_id && saved.id == server.id) by_number = &saved;
    }
    return by_number;
}

void apply_saved(const SavedServer& saved, const ServerSettings& settings, state::ServerState& server,
                 std::int64_t now_ms) {
    server.admin = admin_of(saved, settings.disabled);
    if (saved.initial_weight == settings.weight) {
        server.weight = saved.weight;
        server.configured_weight = saved.weight;
    }
    const std::int64_t age_s = std::clamp<std::int64_t>(saved.since_s, 0, now_ms / 1000);
    server.changed_ms = now_ms - age_s * 1000;
    const common::Endpoint address = address_of(saved, settings, server.address());
    server.set_address(address);
    if (settings.written_as_name && !address.empty() && server.unresolved) server.unresolved = false;
    const bool unproven = server.health == state::Health::down && !address.empty();
    if (!settings.check.enabled) {
        if (unproven) server.health = state::Health::no_check;  // it had no address before
        return;
    }
    // Who is in maintenance is not checked, and is as good as new afterwards.
    const bool stopped =
        saved.operation == SavedOperation::stopped && server.admin != state::Admin::maintenance;
    server.health = stopped ? state::Health::down : state::Health::up;
    if (saved.operation == SavedOperation::starting && settings.slowstart > common::Duration::zero())
        server.warming_since_ms = server.changed_ms.load();
}

}  // namespace proxyd::upstream
