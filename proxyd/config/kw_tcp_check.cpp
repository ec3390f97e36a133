// Health checks that are dialogues: tcp-check, option redis-check and the like (configuration manual 4.2).
#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"
#include "proxyd/rules/hexadecimal.h"
#include "proxyd/upstream/protocol_checks.h"

namespace proxyd::config {
namespace {

using upstream::CheckKind;
using upstream::CheckSequence;
using upstream::CheckStatus;
using upstream::CheckStep;
using Kind = CheckStep::Kind;
using Match = CheckStep::Match;

// Goes through the words of a line. Past the end it gives empty ones.
struct Words {
    const Statement& line;
    std::size_t at = 0;
    bool more() const { return at < line.count(); }
    const std::string& next() {
        static const std::string kNone;
        return more() ? line.argument(at++) : kNone;
    }
};

std::optional<std::string> read_bytes(std::string_view digits) {
    return digits.empty() ? std::nullopt : rules::from_hexadecimal(digits);
}

// The steps of the section; its own first one replaces those of the defaults.
void add_step(Reading& in, CheckStep step) {
    CheckSequence& sequence = in.proxy().upstream.tcp_check;
    if (std::exchange(in.draft->preset.checks_from_defaults, false)) sequence.steps.clear();
    if (sequence.steps.empty() && step.kind != Kind::connect) {
        CheckStep connect;
        connect.implicit = true;
        sequence.steps.push_back(connect);
    }
    sequence.steps.push_back(std::move(step));
}

struct ConnectWord {
    std::string_view name;
    void (*apply)(Reading& in, Words& words, CheckStep& step);
};
constexpr ConnectWord kConnectWords[] = {
    {"default", [](Reading&, Words&, CheckStep&) {}},
    {"comment", [](Reading&, Words& words, CheckStep& step) { step.comment = words.next(); }},
    {"ssl", [](Reading&, Words&, CheckStep& step) { step.tls = true; }},
    {"linger", [](Reading&, Words&, CheckStep&) {}},  // every check ends orderly
    {"port",
     [](Reading& in, Words& words, CheckStep& step) {
         const auto port = common::parse_number(words.next(), 1, 65535);
         if (!port) return in.error(words.line, "'tcp-check connect port' expects a number from 1 to 65535");
         step.port = static_cast<int>(*port);
     }},
    {"addr",
     [](Reading& in, Words& words, CheckStep& step) {
         const auto address = parse_peer_address(words.next(), 0);
         if (!address) return in.error(words.line, address.error());
         step.address = address->address;
         step.port = address->address.port();
     }},
    {"send-proxy", [](Reading&, Words&, CheckStep& step) { step.send_proxy = true; }},
};

void add_connect(Reading& in, const Statement& line) {
    CheckStep step;
    for (Words words{line}; words.more();) {
        const std::string& name = words.next();
        const ConnectWord* word = common::find_row(std::span<const ConnectWord>(kConnectWords), name);
        if (word == nullptr) {
            return in.error(line,
                            "'tcp-check connect': '" + name + "' is not supported" +
                                common::did_you_mean(
                                    name, common::row_names(std::span<const ConnectWord>(kConnectWords))));
        }
        word->apply(in, words, step);
    }
    add_step(in, std::move(step));
}

void add_send(Reading& in, const Statement& line, std::string bytes) {
    CheckStep step;
    step.kind = Kind::send;
    step.bytes = std::move(bytes);
    if (line.count() > 1 && line.argument(1) != "comment")
        return in.error(line,
                        "'" + line.name() + "' expects one text, and may be followed by 'comment <text>'");
    if (line.count() > 2) step.comment = line.argument(2);
    add_step(in, std::move(step));
}

void add_send_text(Reading& in, const Statement& line) {
    add_send(in, line, line.argument(0));
}

void add_send_binary(Reading& in, const Statement& line) {
    auto bytes = read_bytes(line.argument(0));
    if (!bytes) return in.error(line, "'tcp-check send-binary' expects pairs of hexadecimal digits");
    add_send(in, line, std::move(*bytes));
}

struct StatusName {
    std::string_view name;
    CheckStatus status;
};
constexpr StatusName kGood[] = {{"L7OK", CheckStatus::l7_ok},
                                {"L7OKC", CheckStatus::l7_ok},
                                {"L6OK", CheckStatus::l6_ok},
                                {"L4OK", CheckStatus::l4_ok}};
constexpr StatusName kBad[] = {{"L7OKC", CheckStatus::l7_ok},
                               {"L7RSP", CheckStatus::l7_invalid},
                               {"L7STS", CheckStatus::l7_wrong_status},
                               {"L6RSP", CheckStatus::l6_error},
                               {"L4CON", CheckStatus::l4_error}};
constexpr StatusName kLate[] = {{"L7TOUT", CheckStatus::l7_timeout},
                                {"L6TOUT", CheckStatus::l6_timeout},
                                {"L4TOUT", CheckStatus::l4_timeout}};

void read_status(Reading& in, const Statement& line, std::span<const StatusName> among, std::string_view name,
                 CheckStatus& into) {
    const StatusName* row = common::find_row(among, name);
    if (row == nullptr)
        return in.error(line, "'tcp-check expect': '" + std::string(name) + "' is no status for this place" +
                                  common::did_you_mean(name, common::row_names(among)));
    into = row->status;
}

// The text is shown as it is; what a log-format would fetch from the answer is not there.
void read_info(Reading& in, const Statement& line, const std::string& text, std::string& into) {
    if (text.find('%') != std::string::npos)
        return in.no_effect(line, "'" + text + "'",
                            "expressions over a check's answer are not supported yet");
    into = text;
}

struct ExpectWord {
    std::string_view name;
    void (*apply)(Reading& in, const Statement& line, const std::string& value, CheckStep& step);
};
constexpr ExpectWord kExpectWords[] = {
    {"comment",
     [](Reading&, const Statement&, const std::string& value, CheckStep& step) { step.comment = value; }},
    {"min-recv",
     [](Reading& in, const Statement& line, const std::string& value, CheckStep& step) {
         const auto count = common::parse_number(value, -1, 1 << 30);
         if (!count) return in.error(line, "'tcp-check expect min-recv' expects a number of bytes, or -1");
         step.min_receive = static_cast<int>(*count);
     }},
    {"ok-status", [](Reading& in, const Statement& line, const std::string& value,
                     CheckStep& step) { read_status(in, line, kGood, value, step.on_match); }},
    {"error-status", [](Reading& in, const Statement& line, const std::string& value,
                        CheckStep& step) { read_status(in, line, kBad, value, step.on_mismatch); }},
    {"tout-status", [](Reading& in, const Statement& line, const std::string& value,
                       CheckStep& step) { read_status(in, line, kLate, value, step.on_timeout); }},
    {"on-success", [](Reading& in, const Statement& line, const std::string& value,
                      CheckStep& step) { read_info(in, line, value, step.success_info); }},
    {"on-error", [](Reading& in, const Statement& line, const std::string& value,
                    CheckStep& step) { read_info(in, line, value, step.error_info); }},
    {"status-code",
     [](Reading& in, const Statement& line, const std::string&, CheckStep&) {
         in.no_effect(line, "'status-code'", "expressions over a check's answer are not supported yet");
     }},
};

struct MatchName {
    std::string_view name;
    Match match;
};
constexpr MatchName kMatches[] = {{"string", Match::text},
                                  {"rstring", Match::regex},
                                  {"binary", Match::binary},
                                  {"rbinary", Match::binary_regex}};

void read_pattern(Reading& in, const Statement& line, CheckStep& step) {
    if (step.match == Match::binary) {
        auto bytes = read_bytes(step.pattern);
        if (!bytes) return in.error(line, "'tcp-check expect binary' expects pairs of hexadecimal digits");
        step.pattern = std::move(*bytes);
    }
    if (step.match != Match::regex && step.match != Match::binary_regex) return;
    auto regex = rules::Regex::compile(step.pattern, false);
    if (!regex) return in.error(line, "'tcp-check expect': " + regex.error().text);
    step.regex = std::make_shared<rules::Regex>(std::move(*regex));
}

void add_expect(Reading& in, const Statement& line) {
    CheckStep step;
    step.kind = Kind::expect;
    Words words{line};
    const ExpectWord* word = nullptr;
    while (words.more() && (word = common::find_row(std::span<const ExpectWord>(kExpectWords),
                                                    line.argument(words.at))) != nullptr) {
        ++words.at;
        if (!words.more())
            return in.error(line, "'tcp-check expect': '" + std::string(word->name) + "' expects a value");
        word->apply(in, line, words.next(), step);
    }
    std::string name = words.next();
    if (name.starts_with('!')) {
        step.unwanted = true;
        name.erase(0, 1);
        if (name.empty()) name = words.next();
    }
    const MatchName* match = common::find_row(std::span<const MatchName>(kMatches), name);
    if (match == nullptr) {
        const bool format = name == "string-lf" || name == "binary-lf";
        return in.error(
            line, "'tcp-check expect': '" + name + "' is " + (format ? "not supported yet" : "unknown") +
                      " (string, rstring, binary or rbinary)" +
                      common::did_you_mean(name, common::row_names(std::span<const MatchName>(kMatches))));
    }
    if (!words.more()) return in.error(line, "'tcp-check expect " + name + "' expects a pattern");
    step.match = match->match;
    step.pattern = words.next();
    if (words.more())
        return in.error(line,
                        "'tcp-check expect " + name + "' expects one pattern; quote blanks, or escape them");
    read_pattern(in, line, step);
    add_step(in, std::move(step));
}

constexpr std::string_view kNoExpressions = "checks have no variables and no expressions yet";
constexpr Keyword kTcpCheck[] = {
    works("comment", kBackendSide, 1, 1, accept, "<text>", "a remark"),
    works("connect", kBackendSide, 0, -1, add_connect, "[port <port>] [addr <address>] [ssl] [send-proxy]",
          "opens the check's connection"),
    works("expect", kBackendSide, 2, -1, add_expect,
          "[min-recv <n>] [!] string|rstring|binary|rbinary <pattern>", "what the server must say"),
    works("send", kBackendSide, 1, 3, add_send_text, "<text>", "what the check says"),
    works("send-binary", kBackendSide, 1, 3, add_send_binary, "<hexadecimal>", "the same in bytes"),
    refused("send-lf", kBackendSide, kNoExpressions),
    refused("send-binary-lf", kBackendSide, kNoExpressions),
    inert("set-var", kBackendSide, kNoExpressions),
    inert("set-var-fmt", kBackendSide, kNoExpressions),
    inert("unset-var", kBackendSide, kNoExpressions),
};

void choose_tcp_check(Reading& in, const Statement& line) {
    in.proxy().upstream.http_check.kind = line.no || line.reset ? CheckKind::connect : CheckKind::tcp;
}

void choose(Reading& in, const Statement& line, CheckSequence sequence) {
    const bool off = line.no || line.reset;
    in.proxy().upstream.http_check.kind = off ? CheckKind::connect : CheckKind::protocol;
    in.proxy().upstream.protocol_check = std::move(sequence);
}

void choose_redis(Reading& in, const Statement& line) {
    choose(in, line, upstream::redis_check());
}
void choose_ldap(Reading& in, const Statement& line) {
    choose(in, line, upstream::ldap_check());
}
void choose_ssl_hello(Reading& in, const Statement& line) {
    choose(in, line, upstream::ssl_hello_check());
}

// HAProxy says HELO localhost to whatever it does not understand.
void choose_smtp(Reading& in, const Statement& line) {
    std::string greeting = "HELO localhost";
    const bool known = line.count() == 2 && (line.argument(0) == "HELO" || line.argument(0) == "EHLO");
    if (known) greeting = line.argument(0) + " " + line.argument(1);
    if (!known && line.count() > 0)
        in.warning(line, "'option smtpchk' expects HELO or EHLO with a name; checks say '" + greeting + "'");
    choose(in, line, upstream::smtp_check(greeting));
}

void choose_postgres(Reading& in, const Statement& line) {
    const bool named = line.count() == 2 && line.argument(0) == "user";
    if (!named && !line.no && !line.reset)
        return in.error(line, "'option pgsql-check' expects 'user <name>'");
    choose(in, line, upstream::postgres_check(named ? line.argument(1) : ""));
}

void choose_mysql(Reading& in, const Statement& line) {
    const bool named = line.count() >= 2 && line.argument(0) == "user";
    const std::string_view version = line.count() == 3 ? line.argument(2) : std::string_view("post-41");
    if ((line.count() > 0 && !named) || (version != "post-41" && version != "pre-41"))
        return in.error(line, "'option mysql-check' expects nothing, or 'user <name> [pre-41|post-41]'");
    choose(in, line,
           upstream::mysql_check(named ? line.argument(1) : "", version == "pre-41"
                                                                    ? upstream::MysqlClient::before_41
                                                                    : upstream::MysqlClient::since_41));
}

constexpr unsigned char kBoth = kNo | kDefault;
constexpr Keyword kOptions[] = {
    works("tcp-check", kBackendSide, 0, 0, choose_tcp_check, "", "checks go through the tcp-check lines",
          kBoth),
    works("redis-check", kBackendSide, 0, 0, choose_redis, "", "checks are a PING", kBoth),
    works("smtpchk", kBackendSide, 0, -1, choose_smtp, "[HELO|EHLO <name>]", "checks greet a mail server",
          kBoth),
    works("pgsql-check", kBackendSide, 0, 2, choose_postgres, "user <name>",
          "checks begin a PostgreSQL session", kBoth),
    works("mysql-check", kBackendSide, 0, 3, choose_mysql, "[user <name> [pre-41|post-41]]",
          "checks look at a MySQL greeting, or log in", kBoth),
    works("ldap-check", kBackendSide, 0, 0, choose_ldap, "", "checks are an anonymous bind", kBoth),
    works("ssl-hello-chk", kBackendSide, 0, 0, choose_ssl_hello, "", "checks are an SSLv3 ClientHello",
          kBoth),
};

}  // namespace

std::span<const Keyword> dialogue_option_keywords() {
    return kOptions;
}
std::span<const Keyword> tcp_check_keywords() {
    return kTcpCheck;
}

}  // namespace proxyd::config
