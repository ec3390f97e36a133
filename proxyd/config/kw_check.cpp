// Health checks: option httpchk (configuration manual 4.2). Their steps: kw_http_check.cpp, kw_tcp_check.cpp.
#include <algorithm>

#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

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
        in.no_effect(line, "'" + line.name() + "'", "its protocol is not spoken; the check only connects");
}

constexpr unsigned char kBoth = kNo | kDefault;
constexpr Keyword connecting(std::string_view name) {
    return works(name, kBackendSide, 0, -1, connect_only, "...",
                 "its protocol is not spoken: the check only connects", kBoth);
}

void set_external_check(Reading& in, const Statement& line) {
    upstream::HttpCheckSettings& check = in.proxy().upstream.http_check;
    check.kind = line.no || line.reset ? upstream::CheckKind::connect : upstream::CheckKind::program;
}

void set_check_program(Reading& in, const Statement& line) {
    in.proxy().upstream.check_program = line.argument(0);
}

void set_check_path(Reading& in, const Statement& line) {
    in.proxy().upstream.check_path = line.argument(0);
}

constexpr Keyword kOptions[] = {
    works("httpchk", kBackendSide, 0, -1, set_httpchk, "[<method>] [<uri>] [<version>]",
          "checks are HTTP requests", kBoth),
    works("external-check", kBackendSide, 0, 0, set_external_check, "", "a program checks the servers",
          kBoth),
    connecting("lb-agent-chk"),
    connecting("spop-check"),
};

constexpr Keyword kExternalCheck[] = {
    works("command", kBackendSide, 1, 1, set_check_program, "<file>", "the program of external checks"),
    works("path", kBackendSide, 1, 1, set_check_path, "<folders>", "its PATH"),
};

}  // namespace

std::span<const Keyword> check_option_keywords() {
    return kOptions;
}
std::span<const Keyword> external_check_keywords() {
    return kExternalCheck;
}

}  // namespace proxyd::config
