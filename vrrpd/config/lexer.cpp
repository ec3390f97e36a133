#include "vrrpd/config/lexer.h"

#include <utility>

namespace vrrpd::config {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}
bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// `at` stands on the backslash; returns how many characters were taken.
std::size_t unescape(std::string_view line, std::size_t at, std::string& out) {
    const std::string_view rest = line.substr(at + 1);
    if (rest.empty()) {
        out += '\\';
        return 1;
    }
    static constexpr std::string_view kLetters = "abEfnrtv\"'\\";
    static constexpr std::string_view kBytes = "\a\b\x1b\f\n\r\t\v\"'\\";
    if (const auto letter = kLetters.find(rest[0]); letter != std::string_view::npos) {
        out += kBytes[letter];
        return 2;
    }
    if (rest.size() >= 3 && rest[0] <= '3' && is_octal(rest[0]) && is_octal(rest[1]) && is_octal(rest[2])) {
        out += static_cast<char>((rest[0] - '0') * 64 + (rest[1] - '0') * 8 + (rest[2] - '0'));
        return 4;
    }
    if (rest.size() >= 3 && rest[0] == 'x' && hex_value(rest[1]) >= 0 && hex_value(rest[2]) >= 0) {
        out += static_cast<char>(hex_value(rest[1]) * 16 + hex_value(rest[2]));
        return 4;
    }
    out += '\\';
    return 1;
}

class LineLexer {
 public:
    explicit LineLexer(std::string_view line) : line_(line) {}

    LexedLine run() {
        while (at_ < line_.size()) {
            const char c = line_[at_];
            if (is_blank(c)) {
                end_word();
                ++at_;
            } else if (c == '#' || c == '!') {
                break;
            } else if (c == '"' || c == '\'') {
                quoted_part(c);
            } else if (c == '\\' && at_ + 1 < line_.size() &&
                       (line_[at_ + 1] == '#' || line_[at_ + 1] == '!')) {
                plain(line_[at_ + 1]);
                at_ += 2;
            } else {
                plain(c);
                ++at_;
            }
        }
        end_word();
        return std::move(out_);
    }

 private:
    void plain(char c) {
        in_word_ = true;
        word_.text += c;
    }

    void quoted_part(char quote) {
        in_word_ = true;
        word_.quoted = true;
        ++at_;
        while (at_ < line_.size() && line_[at_] != quote) {
            if (line_[at_] == '\\') {
                at_ += unescape(line_, at_, word_.text);
            } else {
                word_.text += line_[at_++];
            }
        }
        if (at_ == line_.size()) {
            out_.open_quote = true;
        } else {
            ++at_;
        }
    }

    // "VI_1{" is a word and a brace, "}}" two braces; "${NAME}" and "{a,b}" are words.
    void end_word() {
        if (!in_word_) return;
        in_word_ = false;
        Token word = std::exchange(word_, {});
        std::vector<TokenKind> tail;  // braces cut off the end, last first
        while (!word.quoted && !word.text.empty()) {
            const char last = word.text.back();
            if (last != '{' && (last != '}' || word.text.find('{') != std::string::npos)) break;
            tail.push_back(last == '{' ? TokenKind::open : TokenKind::close);
            word.text.pop_back();
        }
        if (!word.text.empty() || word.quoted) out_.tokens.push_back(std::move(word));
        for (auto kind = tail.rbegin(); kind != tail.rend(); ++kind)
            out_.tokens.push_back({*kind, {}, false});
    }

    std::string_view line_;
    std::size_t at_ = 0;
    Token word_;
    bool in_word_ = false;
    LexedLine out_;
};

}  // namespace

LexedLine lex_line(std::string_view line) {
    return LineLexer(line).run();
}

std::vector<std::string> split_command(std::string_view text) {
    std::vector<std::string> out;
    std::string word;
    bool in_word = false;
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote == '\0' && is_blank(c)) {
            if (in_word) out.push_back(std::exchange(word, {}));
            in_word = false;
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
            in_word = true;
        } else if (c == quote) {
            quote = '\0';
        } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            word += text[++i];
            in_word = true;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (in_word) out.push_back(std::move(word));
    return out;
}

}  // namespace vrrpd::config
