#include "vrrpd/config/source.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "common/text.h"
#include "common/unique_fd.h"
#include "vrrpd/config/lexer.h"
#include "vrrpd/config/load.h"

namespace vrrpd::config {
namespace {

constexpr std::size_t kMaxIncludeDepth = 16;

// keepalived's five words for it; what they differ in is how a pattern without a file is taken.
struct IncludeRow {
    std::string_view name;
    bool must_match;
};
constexpr IncludeRow kIncludes[] = {
    {"include", false}, {"includer", true}, {"includem", true},
    {"includew", true}, {"includeb", true}, {"includea", true},
};

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
        for (std::size_t i = 0; i < found.gl_pathc; ++i) {
            std::string path = found.gl_pathv[i];
            if (!path.ends_with('/')) out.push_back(std::move(path));
        }
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
    const auto row = std::ranges::find(kIncludes, std::string_view(lexed.tokens[0].text), &IncludeRow::name);
    if (row == std::end(kIncludes)) return false;
    if (lexed.tokens.size() < 2) {
        diagnostics_.error(where, "'" + std::string(row->name) + "' wants a file name");
        return true;
    }
    std::string pattern = lexed.tokens[1].text;
    if (!pattern.starts_with('/')) pattern = directory + "/" + pattern;
    const std::vector<std::string> paths = matches(pattern);
    if (paths.empty()) {
        const std::string text = "no file matches '" + pattern + "'";
        if (row->must_match) {
            diagnostics_.error(where, text);
        } else {
            diagnostics_.notice(where, text);
        }
    }
    for (const std::string& path : paths) read_file(path, where);
    return true;
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
}

}  // namespace vrrpd::config
