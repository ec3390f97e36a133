// From a file's text to statements: lines, directives, words, sections.
#include <algorithm>
#include <cstdio>

#include "common/keyword_table.h"
#include "proxyd/config/directives.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/section.h"

namespace proxyd::config {
namespace {

constexpr std::size_t kMaxErrors = 200;  // of one run: more help nobody

std::optional<std::string> look_up(const Reading& in, common::Location where, std::string_view name) {
    if (name == ".FILE") return std::string(where.file);
    if (name == ".LINE") return std::to_string(where.line);
    if (name == ".SECTION") return in.section_name;
    return in.environment.get(name);
}

void read_statement(Reading& in, Statement line) {
    if (const SectionKind* kind = common::find_row(section_kinds(), line.words[0])) {
        open_section(in, *kind, line);
    } else if (in.section == nullptr) {
        in.error(line, "'" + line.words[0] + "' stands before the first section" +
                           common::did_you_mean(line.words[0], common::row_names(section_kinds())));
    } else if (!in.skip_section) {
        dispatch(in, line);
    }
}

bool foreign(Reading& in, std::string_view text, std::string_view file) {
    const auto byte = find_foreign_byte(text);
    if (!byte) return false;
    char value[8];
    std::snprintf(value, sizeof value, "0x%02x", byte->value);
    in.out.error({file, byte->line}, std::string("byte ") + value +
                                         " does not belong in a configuration; is this the right file?");
    return true;
}

}  // namespace

void Reading::error(const Statement& line, const common::Error& why) {
    out.error(line.where, "'" + line.name() + "': " + why.text);
}

void Reading::no_effect(const Statement& line, std::string_view what, std::string_view why) {
    std::string text(what);
    text.append(" has no effect: ").append(why);
    out.warning(line.where, std::move(text));
}

void read_text(Reading& in, std::string_view text, std::string_view file) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) {
        in.out.warning({file, 1}, "the file begins with a byte order mark, which is skipped");
        text.remove_prefix(kByteOrderMark.size());
    }
    if (foreign(in, text, file)) return;
    in.section = nullptr;  // a file begins with a section of its own
    in.section_name.clear();
    in.draft = nullptr;
    in.skip_section = false;
    Directives directives;
    const SourceLines source = split_lines(text);
    int number = 0;
    for (const std::string_view raw : source.lines) {
        const common::Location where{file, ++number};
        if (in.out.error_count() >= kMaxErrors) {
            in.out.error(where, "too many errors, the rest is not read");
            return;
        }
        const Variables variables = [&](std::string_view name) { return look_up(in, where, name); };
        if (directives.consume(in, raw, where, variables)) continue;
        auto words = tokenize(raw, variables);
        if (!words) {
            in.out.error(where, words.error().text + " at position " + std::to_string(words.error().column) +
                                    ": " + std::string(raw.substr(0, 200)));
        } else if (!words->empty()) {
            read_statement(in, Statement{std::move(*words), 1, where});
        }
    }
    directives.finish(in);
    if (!source.final_newline)
        in.out.warning({file, number}, "the last line has no line feed; the file may have been cut");
}

}  // namespace proxyd::config
