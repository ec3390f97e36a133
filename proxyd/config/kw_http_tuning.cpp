// global: how HTTP/1 is read and written (configuration manual 3.1, 3.2 "tune.http").
#include <fstream>

#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

void adjust_case(Reading& in, const Statement& line) {
    if (auto added = in.model.global.case_map.add(line.argument(0), line.argument(1)); !added)
        in.error(line, added.error());
}

// One pair of names per line; '#' begins a comment line. The last file named counts.
void read_case_file(Reading& in, const Statement& line) {
    std::ifstream file(line.argument(0));
    if (!file) return in.error(line, "'h1-case-adjust-file': cannot open '" + line.argument(0) + "'");
    http::CaseMap& map = in.model.global.case_map_of_file;
    map = {};
    std::string text;
    for (int number = 1; std::getline(file, text); ++number) {
        std::string_view rest = common::trim(text);
        if (rest.empty() || rest.front() == '#') continue;
        const auto end = std::min(rest.find_first_of(" \t"), rest.size());
        const std::string_view from = rest.substr(0, end), to = common::trim(rest.substr(end));
        const std::string place = "'" + line.argument(0) + "' line " + std::to_string(number) + ": ";
        if (to.empty() || to.find_first_of(" \t") != std::string_view::npos)
            return in.error(line, place + "expected are two names of a header field");
        if (auto added = map.add(from, to); !added) return in.error(line, place + added.error().text);
    }
}

constexpr Keyword kKeywords[] = {
    works("h1-accept-payload-with-any-method", kGlobal, 0, 0, global_flag<&Global::payload_with_any_method>,
          "", "HTTP/1.0 GET, HEAD and DELETE may have bodies"),
    works("h1-do-not-close-on-insecure-transfer-encoding", kGlobal, 0, 0,
          global_flag<&Global::trust_odd_coding>, "",
          "Transfer-Encoding beside Content-Length does not end the connection"),
    works("h1-case-adjust", kGlobal, 2, 2, adjust_case, "<from> <to>",
          "how peers of option h1-case-adjust-bogus-* want a name spelled"),
    works("h1-case-adjust-file", kGlobal, 1, 1, read_case_file, "<file>", "the same, a pair per line"),
    works("tune.http.maxhdr", kGlobal, 1, 1, global_number<&Global::max_headers, 1, 32767>, "<number>",
          "header fields of a message at most"),
    works("tune.http.logurilen", kGlobal, 1, 1, global_number<&Global::longest_logged_line, 0, 1'000'000>,
          "<number>", "bytes of a request line that logs show"),
    works("tune.http.cookielen", kGlobal, 1, 1, global_number<&Global::longest_cookie, 0, 65535>, "<number>",
          "bytes that 'capture cookie' keeps at most"),
};

}  // namespace

std::span<const Keyword> http_tuning_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
