// One line of keepalived.conf into words and braces. Pure.
//
//   comment   '#' or '!' to the end of the line, anywhere but inside quotes or behind a backslash
//   quotes    "..." or '...', joined with what touches them: a" b "c is one word `a b c`
//   escapes   inside quotes: \a \b \E \f \n \r \t \v \" \' \\ \nnn (octal) \xXX; any other backslash stays
//   braces    '{' alone or at the end of a word, '}' alone or at the end of a word without '{'
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vrrpd::config {

enum class TokenKind : unsigned char { word, open, close };

struct Token {
    TokenKind kind = TokenKind::word;
    std::string text;
    bool quoted = false;
    bool operator==(const Token&) const = default;
};

struct LexedLine {
    std::vector<Token> tokens;
    bool open_quote = false;  // the line ends inside quotes
};

LexedLine lex_line(std::string_view line);

// A quoted command into the arguments of exec: blanks separate, quotes group, a backslash takes the next
// character as it is.
std::vector<std::string> split_command(std::string_view text);

}  // namespace vrrpd::config
