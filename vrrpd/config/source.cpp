#include "vrrpd/config/source.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "common/text.h"
#include "common/unique_fd.h"
#include "vrrpd/config/load.h"

namespace vrrpd::config {
namespace {

constexpr std::size_t kMaxIncludeDepth = 16;
constexpr std::size_t kMaxAlternatives = 1000;

// What is an error, by bits.
constexpr unsigned kReadable = 1;       // a match that is no readable file
constexpr unsigned kMatch = 2;          // no match for a plain name
constexpr unsigned kWildcardMatch = 4;  // no match, wildcards or not
constexpr unsigned kBraceMatch = 8;     // an alternative in braces without a match
struct CheckRow {
    std::string_view name;
    unsigned checks;
};
// keepalived's words for an include...
constexpr CheckRow kIncludes[] = {
    {"include", 0},
    {"includer", kReadable},
    {"includem", kReadable | kMatch},
    {"includew", kReadable | kMatch | kWildcardMatch},
    {"includeb", kReadable | kBraceMatch},
    {"includea", kAllIncludeChecks},
};
// ... and of include_check.
constexpr CheckRow kChecks[] = {
    {"readable", kReadable},
    {"match", kReadable | kMatch},
    {"wildcard_match", kReadable | kMatch | kWildcardMatch},
    {"brace_match", kReadable | kBraceMatch},
};

// "a{b,c}d" as "abd", "acd"; braces may stand in braces.
void expand_braces(const std::string& pattern, std::vector<std::string>& out) {
    const auto open = pattern.find('{');
    int depth = 0;
    std::vector<std::size_t> cuts;
    for (std::size_t i = open; i < pattern.size(); ++i) {
        if (pattern[i] == '{' && depth++ == 0) cuts.push_back(i);
        if (pattern[i] == ',' && depth == 1) cuts.push_back(i);
        if (pattern[i] != '}' || --depth > 0) continue;
        cuts.push_back(i);
        break;
    }
    if (cuts.empty() || depth != 0 || out.size() > kMaxAlternatives) {
        out.push_back(pattern);
        return;
    }
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
        expand_braces(pattern.substr(0, open) + pattern.substr(cuts[i] + 1, cuts[i + 1] - cuts[i] - 1) +
                          pattern.substr(cuts.back() + 1),
                      out);
}

common::Result<std::string> read_whole(const std::string& path, std::size_t limit) {
    const common::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return common::fail_errno("cannot open the file");
    struct stat info{};
    if (::fstat(file.get(), &info) != 0) return common::fail_errno("cannot read the file");
    if (S_ISDIR(info.st_mode)) return common::fail("is a directory");
    std::string text;
    char buffer[64 * 1024];
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return common::fail_errno("cannot read the file");
        if (got == 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > limit) {
            return common::fail("larger than " + std::to_string(kMaxFileSize / (1024 * 1024)) +
                                " MB with all it includes: this is no configuration");
        }
    }
}

std::string canonical(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
    return resolved ? std::string(resolved.get()) : path;
}

std::vector<std::string> matches(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> out;
    if (::glob(pattern.c_str(), GLOB_BRACE | GLOB_MARK, nullptr, &found) == 0) {
        for (std::size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
    }
    ::globfree(&found);
    return out;
}

}  // namespace

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool SourceReader::is_text(std::string_view line, common::Location where) {
    const auto bad = std::ranges::find_if(line, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\f' && byte != '\v') || byte == 0x7f;
    });
    if (bad == line.end()) return true;
    static constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(*bad);
    diagnostics_.error(where, std::string("not a text file: byte 0x") + kHex[byte >> 4] + kHex[byte & 15] +
                                  " in column " + std::to_string(bad - line.begin() + 1));
    return false;
}

bool SourceReader::include(std::string_view line, common::Location where, const std::string& directory) {
    // Cheap look first: nearly no line is one.
    if (common::trim(line).substr(0, 7) != "include") return false;
    const LexedLine lexed = lex_line(line);
    if (lexed.tokens.empty()) return false;
    if (lexed.tokens[0].text == "include_check") read_checks(lexed, where);
    const auto row = std::ranges::find(kIncludes, std::string_view(lexed.tokens[0].text), &CheckRow::name);
    if (row == std::end(kIncludes)) return false;
    if (lexed.tokens.size() < 2) {
        diagnostics_.error(where, "'" + std::string(row->name) + "' wants a file name");
        return true;
    }
    std::string pattern = lexed.tokens[1].text;
    if (!pattern.starts_with('/')) pattern = directory + "/" + pattern;
    const unsigned checks = checks_ | row->checks;
    const std::vector<std::string> paths = matches(pattern);
    if (paths.empty()) {
        const bool wild = pattern.find_first_of("*?[{") != pattern.npos;
        const bool wrong = (checks & (wild ? kWildcardMatch : kMatch)) != 0;
        const std::string text = "no file matches '" + pattern + "'";
        wrong ? diagnostics_.error(where, text) : diagnostics_.notice(where, text);
    }
    if ((checks & kBraceMatch) != 0) check_alternatives(pattern, where);
    for (const std::string& path : paths) {
        if (!path.ends_with('/'))
            read_file(path, where);
        else if ((checks & kReadable) != 0)
            diagnostics_.error(where, "'" + path + "' is a directory");
    }
    return true;
}

void SourceReader::check_alternatives(const std::string& pattern, common::Location where) {
    std::vector<std::string> alternatives;
    expand_braces(pattern, alternatives);
    for (const std::string& one : alternatives) {
        if (alternatives.size() > 1 && matches(one).empty())
            diagnostics_.error(where, "no file matches '" + one + "'");
    }
}

// include_check [[+|-]CHECK ...]: those named; with signs, added to or taken from what holds; alone: all.
void SourceReader::read_checks(const LexedLine& line, common::Location where) {
    if (line.tokens.size() == 1) checks_ = kAllIncludeChecks;
    for (std::size_t i = 1; i < line.tokens.size(); ++i) {
        std::string_view word = line.tokens[i].text;
        const char sign = word.starts_with('+') || word.starts_with('-') ? word.front() : ' ';
        if (sign != ' ') word.remove_prefix(1);
        const auto row = std::ranges::find(kChecks, word, &CheckRow::name);
        if (row == std::end(kChecks)) {
            diagnostics_.warning(where, "'include_check': '" + std::string(word) +
                                            "' is none of readable, match, wildcard_match, brace_match");
            continue;
        }
        if (sign == ' ' && i == 1) checks_ = 0;
        // Taken away is the check itself, not what it comes with.
        const unsigned own = row->checks == kReadable ? kReadable : std::bit_floor(row->checks);
        checks_ = sign == '-' ? checks_ & ~own : checks_ | row->checks;
    }
}

void SourceReader::read_file(const std::string& path, common::Location included_from) {
    const std::string real = canonical(path);
    if (std::ranges::find(stack_, real) != stack_.end()) {
        diagnostics_.error(included_from, "'" + path + "' includes itself");
        return;
    }
    if (stack_.size() >= kMaxIncludeDepth) {
        diagnostics_.error(included_from, "files include each other more than " +
                                              std::to_string(kMaxIncludeDepth) + " deep");
        return;
    }
    common::Result<std::string> text = read_whole(path, kMaxFileSize - std::min(bytes_, kMaxFileSize));
    if (!text) {
        if (included_from.file.empty()) {
            diagnostics_.error({path, 0}, text.error().text);
        } else {
            diagnostics_.error(included_from, "'" + path + "': " + text.error().text);
        }
        return;
    }
    bytes_ += text->size();
    stack_.push_back(real);
    read_text(*text, path);
    stack_.pop_back();
}

void SourceReader::read_text(std::string_view text, const std::string& name) {
    names_.push_back(std::make_unique<const std::string>(name));
    common::Location where{*names_.back(), 0};
    const std::string directory = directory_of(name);
    const unsigned checks = checks_;  // what the file says of them holds for it and what it includes
    macros_.set_directory(directory);
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++where.line;
        if (!is_text(line, where)) return;  // one complaint about a binary is enough
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (include(line, where, directory)) {
            macros_.set_directory(directory);
        } else {
            macros_.feed(line, where, lines_);
        }
        if (lines_.size() > kMaxLines) {
            diagnostics_.error(where,
                               "more than " + std::to_string(kMaxLines) + " lines: this is no configuration");
            return;
        }
    }
    checks_ = checks;
}

}  // namespace vrrpd::config
