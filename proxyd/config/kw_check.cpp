// Health checks: option httpchk, http-check (configuration manual 4.2). Those that are dialogues:
// kw_tcp_check.cpp.
#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"
#include "proxyd/upstream/http_check.h"

namespace proxyd::config {
namespace {

using upstream::CheckKind;
using upstream::HttpCheckSettings;

HttpCheckSettings& http_check(Reading& in) {
    return in.proxy().upstream.http_check;
}

// Old files put header fields behind the version: "HTTP/1.1\r\nHost: www".
void split_old_fields(Reading& in, const Statement& line, HttpCheckSettings& check) {
    const auto end = check.version.find_first_of("\r\n");
    if (end == std::string::npos) return;
    std::string rest = check.version.substr(end);
    check.version.resize(end);
    std::erase(rest, '\r');
    std::string modern = "http-check send";
    for (const std::string_view text : common::split(rest, '\n')) {
        if (text.empty()) continue;
        const auto colon = text.find(':');
        if (colon == std::string_view::npos || colon == 0) {
            in.error(line, "'option httpchk': '" + std::string(text) + "' is no header field");
            continue;
        }
        check.headers.emplace_back(text.substr(0, colon), common::trim(text.substr(colon + 1)));
        modern += " hdr " + check.headers.back().first + " '" + check.headers.back().second + "'";
    }
    in.warning(
        line, "header fields inside 'option httpchk' were removed from HAProxy and still work here; write '" +
                  modern + "'");
}

void set_httpchk(Reading& in, const Statement& line) {
    HttpCheckSettings& check = http_check(in);
    if (line.no || line.reset) {
        check.kind = CheckKind::connect;
        return;
    }
    const HttpCheckSettings fresh;
    check.kind = CheckKind::http;
    check.method = fresh.method;
    check.uri = fresh.uri;
    check.version = fresh.version;
    if (line.count() == 1) check.uri = line.argument(0);
    if (line.count() >= 2) {
        check.method = line.argument(0);
        check.uri = line.argument(1);
    }
    if (line.count() >= 3) check.version = line.argument(2);
    for (std::size_t i = 3; i < line.count(); ++i)
        check.version += " " + line.argument(i);  // "Host: www" unescaped
    split_old_fields(in, line, check);
    if (const auto blank = check.version.find(' '); blank != std::string::npos)
        in.error(line, "'option httpchk' expects [METHOD] [URI] [VERSION], unexpected '" +
                           check.version.substr(blank + 1) + "'");
}

void connect_only(Reading& in, const Statement& line) {
    http_check(in).kind = CheckKind::connect;
    if (!line.no && !line.reset)
        in.no_effect(line, "'" + line.name() + "'", "not supported yet; the check only connects");
}

constexpr unsigned char kBoth = kNo | kDefault;
constexpr Keyword connecting(std::string_view name) {
    return works(name, kBackendSide, 0, -1, connect_only, "...", "not supported yet: the check only connects",
                 kBoth);
}

constexpr Keyword kOptions[] = {
    works("httpchk", kBackendSide, 0, -1, set_httpchk, "[<method>] [<uri>] [<version>]",
          "checks are HTTP requests", kBoth),
    connecting("external-check"),
    connecting("lb-agent-chk"),
    connecting("spop-check"),
};

struct Match {
    std::string_view name;
    HttpCheckSettings::Expect expect;
};
constexpr Match kMatches[] = {
    {"status", HttpCheckSettings::Expect::status},
    {"rstatus", HttpCheckSettings::Expect::rstatus},
    {"string", HttpCheckSettings::Expect::string},
    {"rstring", HttpCheckSettings::Expect::rstring},
};

// "200-399,404"
bool valid_status_list(std::string_view text) {
    return std::ranges::all_of(common::split(text, ','), [](std::string_view part) {
        const auto dash = part.find('-');
        const auto low = common::parse_number(part.substr(0, dash), 0, 999);
        const auto high =
            dash == std::string_view::npos ? low : common::parse_number(part.substr(dash + 1), 0, 999);
        return low && high && *low <= *high;
    });
}

// Words with an argument that stand before the match and decide nothing here.
constexpr std::string_view kExpectWords[] = {"min-recv",    "comment",    "ok-status", "error-status",
                                             "tout-status", "on-success", "on-error",  "status-code"};

void set_expect(Reading& in, const Statement& line) {
    HttpCheckSettings& check = http_check(in);
    std::size_t at = 0;
    while (at + 1 < line.count() &&
           std::ranges::find(kExpectWords, line.argument(at)) != std::end(kExpectWords)) {
        if (line.argument(at) != "comment")
            in.no_effect(line, "'" + line.argument(at) + "' of '" + line.name() + "'", kNotYet);
        at += 2;
    }
    check.expect_not = at < line.count() && line.argument(at) == "!";
    if (check.expect_not) ++at;
    std::string name = at < line.count() ? line.argument(at) : std::string();
    if (name.starts_with('!')) {
        check.expect_not = true;
        name.erase(0, 1);
    }
    const Match* row = common::find_row(std::span<const Match>(kMatches), name);
    if (row == nullptr)
        return in.error(
            line,
            "'http-check expect': '" + name + "' is " +
                (name == "hdr" || name == "fhdr" || name == "string-lf" ? "not supported yet" : "unknown") +
                " (status, rstatus, string or rstring)" +
                common::did_you_mean(name, common::row_names(std::span<const Match>(kMatches))));
    if (at + 1 >= line.count()) return in.error(line, "'http-check expect " + name + "' expects a pattern");
    check.expect = row->expect;
    check.expect_value = line.argument(at + 1);
    for (at += 2; at < line.count(); ++at) check.expect_value += " " + line.argument(at);
    if (row->expect == HttpCheckSettings::Expect::status && !valid_status_list(check.expect_value))
        return in.error(line,
                        "'http-check expect status' expects codes and ranges such as 200-399,404, not '" +
                            check.expect_value + "'");
    if (const auto compiled = upstream::HttpCheck::compile(check); !compiled)
        in.error(line, compiled.error().text);
}

void set_send(Reading& in, const Statement& line) {
    HttpCheckSettings& check = http_check(in);
    check.headers.clear();
    check.body.clear();
    struct Row {
        std::string_view name;
        std::size_t arguments;
        std::string HttpCheckSettings::* member;
    };
    constexpr Row kRows[] = {{"meth", 1, &HttpCheckSettings::method},
                             {"uri", 1, &HttpCheckSettings::uri},
                             {"ver", 1, &HttpCheckSettings::version},
                             {"body", 1, &HttpCheckSettings::body},
                             {"hdr", 2, nullptr},
                             {"comment", 1, nullptr}};
    for (std::size_t at = 0; at < line.count();) {
        const std::string& name = line.argument(at);
        const Row* row = common::find_row(std::span<const Row>(kRows), name);
        if (row == nullptr)
            return in.error(line,
                            "'http-check send': unknown word '" + name + "'" +
                                common::did_you_mean(name, common::row_names(std::span<const Row>(kRows))));
        if (at + row->arguments >= line.count())
            return in.error(line, "'http-check send': '" + name + "' expects a value");
        if (row->member != nullptr) check.*row->member = line.argument(at + 1);
        if (name == "hdr") check.headers.emplace_back(line.argument(at + 1), line.argument(at + 2));
        at += row->arguments + 1;
    }
}

void set_disable_on_404(Reading& in, const Statement&) {
    in.proxy().upstream.http_check.disable_on_404 = true;
}

constexpr std::string_view kOneRequest = "a check is one connection and one request";
constexpr Keyword kHttpCheck[] = {
    works("expect", kBackendSide, 1, -1, set_expect, "[!] status|rstatus|string|rstring <pattern>",
          "which answers are good"),
    works("send", kBackendSide, 1, -1, set_send, "[meth <m>] [uri <u>] [ver <v>] [hdr <n> <v>]... [body <b>]",
          "the request"),
    works("comment", kBackendSide, 1, 1, accept, "<text>", "a remark"),
    inert("connect", kBackendSide, kOneRequest),
    works("disable-on-404", kBackendSide, 0, 0, set_disable_on_404, "",
          "a server that answers 404 keeps its clients and gets no new ones"),
    inert("send-state", kBackendSide, kNotYet),
    inert("set-var", kBackendSide, kNotYet),
    inert("set-var-fmt", kBackendSide, kNotYet),
    inert("unset-var", kBackendSide, kNotYet),
};

constexpr Keyword kExternalCheck[] = {
    inert("command", kBackendSide, "external checks are not supported yet"),
    inert("path", kBackendSide, "external checks are not supported yet"),
};

}  // namespace

std::span<const Keyword> check_option_keywords() {
    return kOptions;
}
std::span<const Keyword> http_check_keywords() {
    return kHttpCheck;
}
std::span<const Keyword> external_check_keywords() {
    return kExternalCheck;
}

}  // namespace proxyd::config
