// Cuts one configuration line into words (configuration manual 2.1 to 2.3): blanks separate, `#` starts a
// comment, backslash escapes, 'strong' and "weak" quotes, environment variables inside weak quotes. Pure.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proxyd::config {

// Value of an environment variable (or of .FILE, .LINE, .SECTION); nullopt when it is not set.
using Variables = std::function<std::optional<std::string>(std::string_view name)>;

struct LexError {
    std::size_t column;  // 1-based byte in the line
    std::string text;    // what is wrong there
};

using Words = std::vector<std::string>;

// `line` holds no line feed. An empty result is an empty line or a comment.
//   $NAME ${NAME} ${NAME-default}   one part of the word, empty when not set
//   ${NAME[*]}                      cut at blanks into words of their own
// A backslash before any other character than space, tab, \ " ' # $ n r t xNN stays as it is.
std::expected<Words, LexError> tokenize(std::string_view line, const Variables& variables);

// Lines of a file without their ends ("\n" or "\r\n").
struct SourceLines {
    std::vector<std::string_view> lines;
    bool final_newline = true;
};
SourceLines split_lines(std::string_view text);

// The first byte that no configuration contains (NUL and other control characters but tab, CR, FF and VT);
// the 1-based line it is in, and its value. nullopt: clean.
struct ForeignByte {
    int line;
    unsigned char value;
};
std::optional<ForeignByte> find_foreign_byte(std::string_view text);

}  // namespace proxyd::config
