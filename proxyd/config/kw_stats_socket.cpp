// global: the runtime command socket (configuration manual 3.1, management manual 9.3).
#include "common/text.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"
#include "proxyd/config/users.h"
#include "proxyd/config/words.h"

namespace proxyd::config {
namespace {

using Word = WordRow<StatsSocket>;

void set_level(const WordInput& word, StatsSocket& socket) {
    struct Row {
        std::string_view name;
        StatsSocket::Level level;
    };
    constexpr Row kLevels[] = {{"user", StatsSocket::Level::user},
                               {"operator", StatsSocket::Level::oper},
                               {"admin", StatsSocket::Level::admin}};
    const Row* row = common::find_row(std::span<const Row>(kLevels), word.arguments[0]);
    if (row == nullptr)
        return word.error("unknown level '" + word.arguments[0] + "' (user, operator or admin)");
    socket.level = row->level;
}

void set_mode(const WordInput& word, StatsSocket& socket) {
    if (!parse_file_mode(word.arguments[0], socket.mode))
        word.error("'" + word.arguments[0] + "' is not an octal file mode such as 660");
}

void set_user(const WordInput& word, StatsSocket& socket) {
    socket.user = word.arguments[0];
    if (!find_user(socket.user)) word.error("there is no user '" + socket.user + "'");
}
void set_group(const WordInput& word, StatsSocket& socket) {
    socket.group = word.arguments[0];
    if (!find_group(socket.group)) word.error("there is no group '" + socket.group + "'");
}
void set_uid(const WordInput& word, StatsSocket& socket) {
    socket.user = word.arguments[0];
}
void set_gid(const WordInput& word, StatsSocket& socket) {
    socket.group = word.arguments[0];
}

void set_backlog(const WordInput& word, StatsSocket& socket) {
    const auto number = common::parse_number(word.arguments[0], 0, 1'000'000);
    if (!number) return word.error("backlog: " + number.error().text);
    socket.backlog = static_cast<int>(*number);
}
void set_interface(const WordInput& word, StatsSocket& socket) {
    socket.interface = word.arguments[0];
}
template <bool StatsSocket::* member>
void set_flag(const WordInput&, StatsSocket& socket) {
    socket.*member = true;
}

void expose(const WordInput& word, StatsSocket& socket) {
    if (word.arguments[0] != "listeners") return word.error("only 'listeners' can be exposed");
    socket.expose_listeners = true;
}

constexpr auto idle = inert_word<StatsSocket>;
constexpr std::string_view kOneThread = "a thread of its own takes all commands";

constexpr Word kWords[] = {
    {"level", 1, set_level, Effect::works, "user|operator|admin", "what commands may do"},
    {"mode", 1, set_mode, Effect::works, "<octal>", "file mode"},
    {"user", 1, set_user, Effect::works, "<name>", "owner"},
    {"group", 1, set_group, Effect::works, "<name>", "group"},
    {"uid", 1, set_uid, Effect::works, "<number>", "owner"},
    {"gid", 1, set_gid, Effect::works, "<number>", "group"},
    {"expose-fd", 1, expose, Effect::works, "listeners", "hands the listening sockets to a new process"},
    refused_word<StatsSocket>("accept-proxy", 0, "the PROXY header would be taken for a command"),
    {"backlog", 1, set_backlog, Effect::works, "<number>", "connections that may wait"},
    {"interface", 1, set_interface, Effect::works, "<name>", "commands come from there only"},
    idle("maxconn", 1, "'stats maxconn' holds for all sockets"),
    idle("name", 1, "the socket is known by its address"),
    idle("process", 1, kOneThread),
    idle("severity-output", 1, "answers carry no severity"),
    idle("thread", 1, kOneThread),
    {"v4v6", 0, set_flag<&StatsSocket::v4v6>, Effect::works, "", "IPv4 on an IPv6 socket, too"},
    {"v6only", 0, set_flag<&StatsSocket::v6only>, Effect::works, "", "no IPv4 on an IPv6 socket"},
    refused_word<StatsSocket>("ssl", 0, "commands would be taken and answered in plain text"),
};

void add_socket(Reading& in, const Statement& line) {
    const std::string text =
        expand_address(line.argument(0), [&](std::string_view name) { return in.environment.get(name); });
    const auto addresses = parse_listen_addresses(text);
    if (!addresses) return in.error(line, addresses.error());
    StatsSocket socket;
    socket.where = line.where;
    read_words<StatsSocket>(in, line, line.arguments().subspan(1), kWords, socket);
    for (const ListenAddress& address : *addresses) {
        socket.address = address.address;
        socket.inherited_fd = address.inherited_fd;
        in.model.global.stats_sockets.push_back(socket);
    }
}

void set_timeout(Reading& in, const Statement& line) {
    read_duration(in, line, 0, in.model.global.stats_timeout);
}

constexpr Keyword kKeywords[] = {
    works("socket", kGlobal, 1, -1, add_socket, "<address> [<words>]", "where runtime commands are taken"),
    works("timeout", kGlobal, 1, 1, set_timeout, "<time>", "an idle command connection is closed"),
    works("maxconn", kGlobal, 1, 1, global_number<&Global::stats_maxconn, 1, 1'000'000>, "<number>",
          "command connections at a time"),
    inert("bind-process", kGlobal, kOneThread),
};

}  // namespace

std::span<const Keyword> stats_socket_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
