#include "proxyd/admin/cli_input.h"

#include "common/text.h"

namespace proxyd::admin {

namespace {

constexpr std::string_view kPayloadMark = "<<";
constexpr std::size_t kMaxPattern = 7;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

std::string_view without_cr(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// The line before "<<PATTERN" and the pattern, when the line announces a payload.
struct Announced {
    std::string_view line;
    std::string_view pattern;
};

std::optional<Announced> announces_payload(std::string_view line) {
    const std::size_t mark = line.rfind(kPayloadMark);
    if (mark == std::string_view::npos || (mark > 0 && !is_space(line[mark - 1]) && line[mark - 1] != ';'))
        return std::nullopt;
    const std::string_view pattern = common::trim(line.substr(mark + kPayloadMark.size()));
    if (pattern.size() > kMaxPattern || pattern.find_first_of(" \t") != std::string_view::npos)
        return std::nullopt;
    return Announced{line.substr(0, mark), pattern};
}

}  // namespace

std::vector<Command> split_commands(std::string_view line) {
    std::vector<Command> commands;
    Command command;
    std::string word;
    bool in_word = false;
    const auto end_word = [&] {
        if (in_word) command.words.push_back(std::move(word));
        word.clear();
        in_word = false;
    };
    const auto end_command = [&] {
        end_word();
        if (!command.words.empty()) commands.push_back(std::move(command));
        command = Command();
    };
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && i + 1 < line.size()) {
            word += line[++i];
            in_word = true;
        } else if (is_space(line[i])) {
            end_word();
        } else if (line[i] == ';') {
            end_command();
        } else {
            word += line[i];
            in_word = true;
        }
    }
    end_command();
    return commands;
}

bool CliInput::feed(std::string_view bytes) {
    buffer_ += bytes;
    return buffer_.size() <= 2 * kMaxCommand &&
           (buffer_.size() <= kMaxCommand || buffer_.find('\n') <= kMaxCommand);
}

void CliInput::end() {
    ended_ = true;
    if (!buffer_.empty() && buffer_.back() != '\n') buffer_ += '\n';
}

std::optional<std::vector<Command>> CliInput::next() {
    const std::size_t line_end = buffer_.find('\n', scanned_);
    if (line_end == std::string::npos) {
        scanned_ = buffer_.size();
        return std::nullopt;
    }
    scanned_ = 0;  // a payload may have kept us from taking this line
    const std::size_t first_end = buffer_.find('\n');
    const std::string_view line = without_cr(std::string_view(buffer_).substr(0, first_end));
    const auto announced = announces_payload(line);
    if (!announced) {
        auto commands = split_commands(line);
        buffer_.erase(0, first_end + 1);
        return commands;
    }
    std::size_t start = first_end + 1;
    const std::size_t payload_start = start;
    while (true) {
        const std::size_t end = buffer_.find('\n', start);
        if (end == std::string::npos && !ended_) {
            scanned_ = buffer_.size();
            return std::nullopt;
        }
        const bool missing = end == std::string::npos;
        const std::string_view part =
            without_cr(std::string_view(buffer_).substr(start, missing ? 0 : end - start));
        if (missing || part == announced->pattern) {
            auto commands = split_commands(announced->line);
            if (!commands.empty())
                commands.back().payload = buffer_.substr(payload_start, start - payload_start);
            buffer_.erase(0, missing ? buffer_.size() : end + 1);
            return commands;
        }
        start = end + 1;
    }
}

}  // namespace proxyd::admin
