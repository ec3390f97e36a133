#include "proxyd/config/lexer.h"

#include <algorithm>
#include <charconv>

namespace proxyd::config {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_part(char c) {
    return is_name_start(c) || (c >= '0' && c <= '9');
}

class Tokenizer {
 public:
    Tokenizer(std::string_view line, const Variables& variables) : line_(line), variables_(variables) {}

    std::expected<Words, LexError> run() {
        while (at_ < line_.size() && !error_) step();
        if (!error_ && quote_ != 0) fail(quote_at_, "unmatched quote");
        if (error_) return std::unexpected(*error_);
        end_word();
        return std::move(words_);
    }

 private:
    void step() {
        const char c = line_[at_];
        if (quote_ == 0 && is_blank(c)) {
            end_word();
            ++at_;
        } else if (quote_ == 0 && c == '#') {
            at_ = line_.size();
        } else if (c == quote_) {
            quote_ = 0;
            ++at_;
        } else if (quote_ == 0 && (c == '"' || c == '\'')) {
            quote_ = c;
            quote_at_ = at_++;
            in_word_ = true;  // "" is a word
        } else if (c == '\\' && quote_ != '\'') {
            escape();
        } else if (c == '$' && quote_ == '"') {
            variable();
        } else {
            put(c);
            ++at_;
        }
    }

    void escape() {
        const char next = at_ + 1 < line_.size() ? line_[at_ + 1] : '\0';
        constexpr std::string_view kThemselves = " \t\\\"'#$";
        constexpr std::string_view kNamed = "nrt", kMeanings = "\n\r\t";
        if (next != '\0' && kThemselves.contains(next)) {
            put(next);
        } else if (next != '\0' && kNamed.contains(next)) {
            put(kMeanings[kNamed.find(next)]);
        } else if (next == 'x') {
            hexadecimal();
            return;
        } else {  // no escape: the backslash stays, the next character is read on its own
            put('\\');
            ++at_;
            return;
        }
        at_ += 2;
    }

    void hexadecimal() {
        unsigned value = 0;
        const std::string_view digits = line_.substr(std::min(at_ + 2, line_.size()), 2);
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() < 2 || ec != std::errc() || end != digits.data() + 2)
            return fail(at_, "truncated or invalid hexadecimal sequence, expected \\x and two digits");
        if (value == 0) return fail(at_, "\\x00 cannot be part of a word");
        put(static_cast<char>(value));
        at_ += 4;
    }

    void variable() {
        const std::size_t start = at_++;
        const bool brace = at_ < line_.size() && line_[at_] == '{';
        if (brace) ++at_;
        const std::size_t name_at = at_;
        if (at_ < line_.size() && line_[at_] == '.') ++at_;  // pseudo-variables: .FILE .LINE .SECTION
        if (at_ >= line_.size() || !is_name_start(line_[at_]))
            return fail(at_, "forbidden first character in environment variable name");
        while (at_ < line_.size() && is_name_part(line_[at_])) ++at_;
        const std::string_view name = line_.substr(name_at, at_ - name_at);
        std::optional<std::string> value = variables_(name);
        bool list = false;
        if (brace) {
            if (line_.substr(at_).starts_with("[*]")) {
                list = true;
                at_ += 3;
            }
            if (at_ < line_.size() && line_[at_] == '-') {
                const std::size_t end = std::min(line_.find('}', at_), line_.size());
                if (!value) value = std::string(line_.substr(at_ + 1, end - at_ - 1));
                at_ = end;
            }
            if (at_ >= line_.size() || line_[at_] != '}')
                return fail(start, "unmatched brace in environment variable name");
            ++at_;
        }
        put_value(value.value_or(""), list);
    }

    void put_value(std::string_view value, bool list) {
        bool separate = false;
        for (const char c : value) {
            if (list && (is_blank(c) || c == '\n')) {
                separate = true;
                continue;
            }
            if (separate && !word_.empty()) end_word();
            separate = false;
            put(c);
        }
        if (separate && !word_.empty()) end_word();
    }

    void put(char c) {
        word_ += c;
        in_word_ = true;
    }

    void end_word() {
        if (in_word_) words_.push_back(std::move(word_));
        word_.clear();
        in_word_ = false;
    }

    void fail(std::size_t at, std::string text) { error_ = LexError{at + 1, std::move(text)}; }

    std::string_view line_;
    const Variables& variables_;
    std::size_t at_ = 0;
    char quote_ = 0;  // the open quote
    std::size_t quote_at_ = 0;
    bool in_word_ = false;
    std::string word_;
    Words words_;
    std::optional<LexError> error_;
};

}  // namespace

std::expected<Words, LexError> tokenize(std::string_view line, const Variables& variables) {
    return Tokenizer(line, variables).run();
}

SourceLines split_lines(std::string_view text) {
    SourceLines out;
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out.lines.push_back(line);
        out.final_newline = end != std::string_view::npos;
        text.remove_prefix(out.final_newline ? end + 1 : text.size());
    }
    return out;
}

std::optional<ForeignByte> find_foreign_byte(std::string_view text) {
    int line = 1;
    for (const char c : text) {
        const auto value = static_cast<unsigned char>(c);
        if (c == '\n') ++line;
        if (value == 0x7f || (value < 0x20 && (value < '\t' || value > '\r')))
            return ForeignByte{line, value};
    }
    return std::nullopt;
}

}  // namespace proxyd::config
