// Words of `server` lines about health checks and agents, and those without effect.
#include "common/keyword_table.h"
#include "proxyd/config/address.h"
#include "proxyd/config/server_line.h"

namespace proxyd::config {
namespace {

using Word = WordRow<ServerDraft>;
using upstream::CheckSettings;
using upstream::ServerSettings;

template <bool CheckSettings::* member, bool value = true>
void set_check_flag(const WordInput&, ServerDraft& server) {
    server.settings.check.*member = value;
}

template <int CheckSettings::* member, int high>
void set_check_count(const WordInput& word, ServerDraft& server) {
    read_number(word, 1, high, server.settings.check.*member);
}

template <common::Duration CheckSettings::* member>
void set_check_time(const WordInput& word, ServerDraft& server) {
    common::Duration value{0};
    if (!read_duration(word, value)) return;
    if (value.count() == 0) return word.error("the time between checks cannot be 0");
    server.settings.check.*member = value;
}

void set_check_name(const WordInput& word, ServerDraft& server) {
    server.settings.check.sni = word.arguments[0];
}

void set_check_address(const WordInput& word, ServerDraft& server) {
    const auto address = parse_peer_address(word.arguments[0], 0);
    if (!address) return word.error(address.error().text);
    server.settings.check.address = address->address;
}

// A word for each value.
template <class Value>
struct Choice {
    std::string_view name;
    Value value;
};
template <class Value, std::size_t N>
void choose(const WordInput& word, const Choice<Value> (&choices)[N], Value& into) {
    const std::span<const Choice<Value>> all(choices);
    if (const auto* row = common::find_row(all, word.arguments[0])) {
        into = row->value;
        return;
    }
    std::string known;
    for (const auto& row : all) known += (known.empty() ? "" : ", ") + std::string(row.name);
    word.error("unknown value '" + word.arguments[0] + "' (" + known + ")");
}

void set_init_state(const WordInput& word, ServerDraft& server) {
    using upstream::InitState;
    constexpr Choice<InitState> kStates[] = {{"up", InitState::up},
                                             {"fully-up", InitState::fully_up},
                                             {"down", InitState::down},
                                             {"fully-down", InitState::fully_down}};
    choose(word, kStates, server.settings.check.init_state);
}

void set_observe(const WordInput& word, ServerDraft& server) {
    using upstream::Observe;
    constexpr Choice<Observe> kLayers[] = {
        {"layer4", Observe::layer4}, {"layer7", Observe::layer7}, {"none", Observe::nothing}};
    choose(word, kLayers, server.settings.observe);
}

void set_error_limit(const WordInput& word, ServerDraft& server) {
    read_number(word, 1, 1'000'000, server.settings.error_limit);
}

void set_on_error(const WordInput& word, ServerDraft& server) {
    using upstream::OnError;
    constexpr Choice<OnError> kActions[] = {{"fastinter", OnError::fastinter},
                                            {"fail-check", OnError::fail_check},
                                            {"sudden-death", OnError::sudden_death},
                                            {"mark-down", OnError::mark_down}};
    choose(word, kActions, server.settings.on_error);
}

void set_track(const WordInput& word, ServerDraft& server) {
    server.settings.track = word.arguments[0];
}

void set_check_protocol(const WordInput& word, ServerDraft& server) {
    using Protocol = upstream::CheckSettings::Protocol;
    if (word.arguments[0] == "h2") return word.no_effect("checks do not speak HTTP/2");
    constexpr Choice<Protocol> kProtocols[] = {
        {"fcgi", Protocol::fastcgi}, {"h1", Protocol::http}, {"none", Protocol::http}};
    choose(word, kProtocols, server.settings.check.protocol);
}

constexpr Word kCheckWords[] = {
    {"check", 0, set_check_flag<&CheckSettings::enabled>, Effect::works, "", "watch the server's health"},
    {"no-check", 0, set_check_flag<&CheckSettings::enabled, false>, Effect::works, "", "undoes check"},
    {"addr", 1, set_check_address, Effect::works, "<address>", "checks go there"},
    {"port", 1, set_check_count<&CheckSettings::port, 65535>, Effect::works, "<port>",
     "checks go to this port"},
    {"inter", 1, set_check_time<&CheckSettings::inter>, Effect::works, "<time>", "between two checks"},
    {"fastinter", 1, set_check_time<&CheckSettings::fastinter>, Effect::works, "<time>",
     "while the state changes"},
    {"downinter", 1, set_check_time<&CheckSettings::downinter>, Effect::works, "<time>",
     "while the server is down"},
    {"rise", 1, set_check_count<&CheckSettings::rise, 1'000'000>, Effect::works, "<number>",
     "good checks until up"},
    {"fall", 1, set_check_count<&CheckSettings::fall, 1'000'000>, Effect::works, "<number>",
     "bad checks until down"},
    {"check-ssl", 0, set_check_flag<&CheckSettings::tls>, Effect::works, "", "checks speak TLS"},
    {"check-send-proxy", 0, set_check_flag<&CheckSettings::send_proxy>, Effect::works, "",
     "checks begin with a PROXY header"},
    {"no-check-send-proxy", 0, set_check_flag<&CheckSettings::send_proxy, false>, Effect::works, "",
     "undoes check-send-proxy"},
    {"check-via-socks4", 0, set_check_flag<&CheckSettings::via_socks>, Effect::works, "",
     "checks go through the SOCKS server of socks4, too"},
    {"check-sni", 1, set_check_name, Effect::works, "<name>", "the name that checks ask for in TLS"},
    {"check-proto", 1, set_check_protocol, Effect::works, "fcgi|h1|h2|none",
     "what HTTP checks speak, if not what 'proto' says"},
    {"init-state", 1, set_init_state, Effect::works, "up|fully-up|down|fully-down",
     "what it is before its first check"},
    {"observe", 1, set_observe, Effect::works, "layer4|layer7", "let the traffic tell its health, too"},
    {"error-limit", 1, set_error_limit, Effect::works, "<number>", "errors in a row that are too many"},
    {"on-error", 1, set_on_error, Effect::works, "fastinter|fail-check|sudden-death|mark-down",
     "what too many errors do"},
    {"track", 1, set_track, Effect::works, "[<backend>/]<server>", "be up and down as that server is"},
    {"no-check-ssl", 0, set_check_flag<&CheckSettings::tls, false>, Effect::works, "", "undoes check-ssl"},
};

void set_agent_address(const WordInput& word, ServerDraft& server) {
    const auto address = parse_peer_address(word.arguments[0], 0);
    if (!address) return word.error(address.error().text);
    server.settings.agent.address = address->address;
}

void set_agent_time(const WordInput& word, ServerDraft& server) {
    common::Duration value{0};
    if (!read_duration(word, value)) return;
    if (value.count() == 0) return word.error("the time between checks cannot be 0");
    server.settings.agent.inter = value;
}

void set_agent_port(const WordInput& word, ServerDraft& server) {
    read_number(word, 1, 65535, server.settings.agent.port);
}

// "\\n" and the like have become bytes when the line was cut into words.
void set_agent_text(const WordInput& word, ServerDraft& server) {
    server.settings.agent.send = word.arguments[0];
}

template <bool value>
void set_agent(const WordInput&, ServerDraft& server) {
    server.settings.agent.enabled = value;
}

void set_marked_down(const WordInput& word, ServerDraft& server) {
    if (word.arguments[0] != "shutdown-sessions") return word.error("knows 'shutdown-sessions' only");
    server.settings.shut_sessions_when_down = true;
}

void set_marked_up(const WordInput& word, ServerDraft& server) {
    if (word.arguments[0] != "shutdown-backup-sessions")
        return word.error("knows 'shutdown-backup-sessions' only");
    server.settings.shut_backup_sessions_when_up = true;
}

constexpr Word kAgentWords[] = {
    {"agent-check", 0, set_agent<true>, Effect::works, "", "ask a program on the server's machine"},
    {"no-agent-check", 0, set_agent<false>, Effect::works, "", "undoes agent-check"},
    {"agent-port", 1, set_agent_port, Effect::works, "<port>", "where the agent is"},
    {"agent-addr", 1, set_agent_address, Effect::works, "<address>", "its address, if not the server's"},
    {"agent-inter", 1, set_agent_time, Effect::works, "<time>", "between two questions"},
    {"agent-send", 1, set_agent_text, Effect::works, "<text>", "what the agent is sent"},
    {"on-marked-down", 1, set_marked_down, Effect::works, "shutdown-sessions",
     "a server that goes down loses its sessions"},
    {"on-marked-up", 1, set_marked_up, Effect::works, "shutdown-backup-sessions",
     "backups lose theirs when the server is back"},
};

constexpr auto inert = inert_word<ServerDraft>;

constexpr std::string_view kOwnConnection = "each check makes a connection of its own";

constexpr Word kInertWords[] = {
    inert("check-pool-conn-name", 1, kOwnConnection),
    inert("check-reuse-pool", 0, kOwnConnection),
    inert("no-check-reuse-pool", 0, kOwnConnection),
    inert("guid", 1, kNoGuid),
    inert("idle-ping", 1, kNoHttp2),
    inert("log-bufsize", 1, "it is for backends in mode log; log lines go to 'log' and 'ring' targets"),
    inert("log-proto", 1, "it belongs on the servers of a 'ring' section"),
    inert("pool-conn-name", 1, "connections that are made for one client's request serve that client only"),
    inert("pool-low-conn", 1, "idle connections stay with the worker that made them"),
    inert("shard", 1, "it belongs on the servers of a 'peers' section"),
};

}  // namespace

std::span<const Word> server_check_words() {
    return kCheckWords;
}
std::span<const Word> server_agent_words() {
    return kAgentWords;
}
std::span<const Word> server_inert_words() {
    return kInertWords;
}

}  // namespace proxyd::config
