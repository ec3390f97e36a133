// log targets, formats and tags (configuration manual 4.2 "log", "log-format", chapter 8).
#include <unistd.h>

#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/section.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

std::vector<LogLine>& log_lines(Reading& in) {
    if (in.section->bit == kLogForward) return in.forwards.back().logs;
    return in.draft == nullptr ? in.global_logs : in.draft->preset.logs;
}

void add_log(Reading& in, const Statement& line) {
    if (line.no) return log_lines(in).clear();
    if (line.count() == 0) return in.error(line, "'log' expects global, or an address and a facility");
    if (line.argument(0) == "global") {
        if (in.section->bit == kGlobal) return in.error(line, "'log global' refers to this section itself");
        if (line.count() > 1)
            return in.error(line, "'log global' takes nothing more, unexpected '" + line.argument(1) + "'");
        log_lines(in).push_back({.global = true, .target = {}});
        return;
    }
    std::vector<std::string> words(line.arguments().begin(), line.arguments().end());
    words[0] = expand_address(words[0], [&](std::string_view name) { return in.environment.get(name); });
    auto target = observe::parse_log_target(words, line.where);
    if (!target) return in.error(line, target.error());
    log_lines(in).push_back({.global = false, .target = std::move(*target)});
}

void set_format(Reading& in, const Statement& line) {
    in.draft->preset.log_format = {LogFormatChoice::Kind::custom, line.argument(0), line.where};
}

void set_error_format(Reading& in, const Statement& line) {
    in.draft->preset.error_log_format = line.argument(0);
    in.draft->preset.error_log_format_where = line.where;
}

void set_structured_data(Reading& in, const Statement& line) {
    in.draft->preset.structured_data = line.argument(0);
    in.draft->preset.structured_data_where = line.where;
}

void set_tag(Reading& in, const Statement& line) {
    (in.draft == nullptr ? in.log_tag : in.proxy().log.tag) = line.argument(0);
}

void set_hostname(Reading& in, const Statement& line) {
    char name[256] = "";
    if (line.count() == 0 && ::gethostname(name, sizeof name - 1) != 0)
        return in.error(line, "this machine's name is not known; write 'log-send-hostname NAME'");
    in.model.global.log_send_hostname = line.count() == 0 ? std::string(name) : line.argument(0);
}

void set_id_format(Reading& in, const Statement& line) {
    const auto format = rules::LogFormat::compile(line.argument(0), rules::LogUse::header,
                                                  in.model.catalogue.get(), rules::kAtFrontRequest);
    if (!format) return in.error(line, format.error());
    in.proxy().unique_id_format = *format;
}

void set_id_header(Reading& in, const Statement& line) {
    in.proxy().unique_id_header = line.argument(0);
}

constexpr Keyword kKeywords[] = {
    works("log", kGlobal | kProxies | kLogForward, 0, -1, add_log,
          "global | <address> [len <n>] [format <f>] [sample <ranges>:<n>] [profile <name>] <facility> "
          "[<level> [<minlevel>]]",
          "where log lines go; repeatable", kNo),
    works("log-format", kProxies, 1, 1, set_format, "<format>", "the line written for each exchange"),
    works("error-log-format", kProxies, 1, 1, set_error_format, "<format>",
          "the line of connections that failed"),
    works("log-tag", kGlobal | kProxies, 1, 1, set_tag, "<tag>", "the name before the process id"),
    works("log-send-hostname", kGlobal, 0, 1, set_hostname, "[<name>]",
          "the machine's name in syslog headers"),
    works("log-format-sd", kProxies, 1, 1, set_structured_data, "<format>",
          "the structured data of lines in the format rfc5424"),
    works("unique-id-format", kFrontendSide, 1, 1, set_id_format, "<format>", "the name of each request"),
    works("unique-id-header", kFrontendSide, 1, 1, set_id_header, "<name>", "the field that tells servers"),
};

}  // namespace

std::span<const Keyword> log_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
