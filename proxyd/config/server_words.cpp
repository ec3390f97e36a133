// Words of `server` lines about health checks and agents, and those without effect.
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
    {"check-sni", 1, set_check_name, Effect::works, "<name>", "the name that checks ask for in TLS"},
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
constexpr auto refused = refused_word<ServerDraft>;

constexpr Word kInertWords[] = {
    inert("cc", 1, "the system's congestion control is used"),
    inert("check-pool-conn-name", 1, kNotYet),
    inert("check-proto", 1, "checks speak HTTP/1"),
    inert("check-reuse-pool", 0, kNotYet),
    inert("no-check-reuse-pool", 0, kNotYet),
    inert("check-via-socks4", 0, kNotYet),
    inert("error-limit", 1, "'observe' is not supported yet"),
    inert("guid", 1, kNotYet),
    inert("hash-key", 1, kNotYet),
    inert("id", 1, kNotYet),
    inert("idle-ping", 1, kNotYet),
    inert("init-state", 1, kNotYet),
    inert("log-bufsize", 1, kNotYet),
    inert("log-proto", 1, kNotYet),
    inert("max-reuse", 1, kNotYet),
    inert("observe", 1, kNotYet),
    inert("on-error", 1, "'observe' is not supported yet"),
    inert("pool-conn-name", 1, kNotYet),
    inert("pool-low-conn", 1, kNotYet),
    inert("redir", 1, kNotYet),
    inert("set-proxy-v2-tlv-fmt", 1, kNotYet),
    inert("shard", 1, kNotYet),
    inert("slowstart", 1, kNotYet),
    inert("strict-maxconn", 0, kNotYet),
    inert("tcp-ut", 1, kNotYet),
    inert("tfo", 0, kNotYet),
    inert("no-tfo", 0, kNotYet),
    inert("track", 1, kNotYet),
    inert("ws", 1, "WebSocket upgrades go over HTTP/1.1"),
    refused("namespace", 1,
            "network namespaces are not supported yet; the connections would leave elsewhere"),
    refused("socks4", 1, "SOCKS is not supported yet; the connections would go straight to the server"),
    refused("tcp-md5sig", 1, "the segments would not be signed"),
    refused("usesrc", 1, "connections from foreign addresses are not supported yet"),
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
