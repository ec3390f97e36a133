// Health checks that are dialogues: tcp-check, option redis-check and the like (configuration manual 4.2).
#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/check_words.h"
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

std::optional<std::string> read_bytes(std::string_view digits) {
    return digits.empty() ? std::nullopt : rules::from_hexadecimal(digits);
}

void add_step(Reading& in, CheckStep step) {
    CheckSteps& steps = tcp_check_steps(in);
    if (!has_action(steps) && step.kind != Kind::connect) {
        CheckStep connect;
        connect.implicit = true;
        steps.insert(steps.begin(), connect);
    }
    steps.push_back(std::move(step));
}

void add_connect(Reading& in, const Statement& line) {
    CheckStep step;
    if (has_action(tcp_check_steps(in)) && tcp_check_steps(in).front().implicit)
        return in.error(line, "'tcp-check connect' must also be the first step when a later one connects");
    if (read_connect_step(in, line, step)) add_step(in, std::move(step));
}

void add_send(Reading& in, const Statement& line, CheckStep step) {
    step.kind = Kind::send;
    if (line.count() > 1 && line.argument(1) != "comment")
        return in.error(line,
                        "'" + line.name() + "' expects one text, and may be followed by 'comment <text>'");
    if (line.count() > 2) step.comment = line.argument(2);
    add_step(in, std::move(step));
}

void add_send_text(Reading& in, const Statement& line) {
    CheckStep step;
    step.bytes = line.argument(0);
    add_send(in, line, std::move(step));
}

void add_send_binary(Reading& in, const Statement& line) {
    auto bytes = read_bytes(line.argument(0));
    if (!bytes) return in.error(line, "'tcp-check send-binary' expects pairs of hexadecimal digits");
    CheckStep step;
    step.bytes = std::move(*bytes);
    add_send(in, line, std::move(step));
}

template <bool hexadecimal>
void add_send_format(Reading& in, const Statement& line) {
    auto format = read_check_format(in, line, line.argument(0));
    if (!format) return;
    CheckStep step;
    step.format = std::move(*format);
    step.hexadecimal = hexadecimal;
    add_send(in, line, std::move(step));
}

struct MatchName {
    std::string_view name;
    Match match;
    bool format = false;
};
constexpr MatchName kMatches[] = {{"string", Match::text},          {"rstring", Match::regex},
                                  {"binary", Match::binary},        {"rbinary", Match::binary_regex},
                                  {"string-lf", Match::text, true}, {"binary-lf", Match::binary, true}};

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
    CheckWords words{line};
    if (!read_expect_options(in, words, step)) return;
    const std::string name = read_match_name(words, step);
    const MatchName* match = common::find_row(std::span<const MatchName>(kMatches), name);
    if (match == nullptr)
        return in.error(
            line, "'tcp-check expect': '" + name +
                      "' is unknown (string, rstring, binary, rbinary, string-lf or binary-lf)" +
                      common::did_you_mean(name, common::row_names(std::span<const MatchName>(kMatches))));
    if (!words.more()) return in.error(line, "'tcp-check expect " + name + "' expects a pattern");
    step.match = match->match;
    step.pattern = words.next();
    if (!read_expect_options(in, words, step)) return;
    if (words.more())
        return in.error(line,
                        "'tcp-check expect " + name + "' expects one pattern; quote blanks, or escape them");
    if (match->format) {
        auto format = read_check_format(in, line, step.pattern);
        if (!format) return;
        step.pattern_format = std::move(*format);
    } else {
        read_pattern(in, line, step);
    }
    add_step(in, std::move(step));
}

template <VariableLine kind>
void add_variable(Reading& in, const Statement& line) {
    add_check_variable(in, line, kind, tcp_check_steps(in));
}
void add_comment(Reading& in, const Statement& line) {
    add_check_comment(line, tcp_check_steps(in));
}

constexpr Keyword kTcpCheck[] = {
    works("comment", kBackendSide, 1, 1, add_comment, "<text>", "a remark"),
    works("connect", kBackendSide, 0, -1, add_connect,
          "[default] [port <port>] [addr <address>] [ssl] [sni <name>] [send-proxy]",
          "opens the check's connection"),
    works("expect", kBackendSide, 2, -1, add_expect,
          "[min-recv <n>] [!] string|rstring|binary|rbinary|string-lf|binary-lf <pattern>",
          "what the server must say"),
    works("send", kBackendSide, 1, 3, add_send_text, "<text>", "what the check says"),
    works("send-binary", kBackendSide, 1, 3, add_send_binary, "<hexadecimal>", "the same in bytes"),
    works("send-lf", kBackendSide, 1, 3, add_send_format<false>, "<format>", "a text with samples"),
    works("send-binary-lf", kBackendSide, 1, 3, add_send_format<true>, "<format>",
          "the same, of hexadecimal digits"),
    called(works("set-var", kBackendSide, 1, 1, add_variable<VariableLine::set>, "(<name>) <expression>",
                 "keeps a sample in a variable")),
    called(works("set-var-fmt", kBackendSide, 1, 1, add_variable<VariableLine::set_format>,
                 "(<name>) <format>", "keeps a text in a variable")),
    called(works("unset-var", kBackendSide, 0, 0, add_variable<VariableLine::unset>, "(<name>)",
                 "forgets a variable")),
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
