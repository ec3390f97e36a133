// Cuts what an operator's tool sends into commands (management manual 9.3). Pure.
//
//   line    = command *( ";" command ) LF           ; "\;" and "\ " escape, "\\" is a backslash
//   payload = line that ends with "<<" [ PATTERN ] LF, then lines up to one that is empty (or is PATTERN)
// Blanks, CR before LF and empty commands do not count.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proxyd::admin {

inline constexpr std::size_t kMaxCommand = 16384;  // bytes of a line, and of a payload

struct Command {
    std::vector<std::string> words;
    std::string payload;
};

class CliInput {
 public:
    // Takes bytes as they come. False when a line or payload is too long: say so and close.
    bool feed(std::string_view bytes);
    // The peer sends no more: what it sent last counts as a line.
    void end();
    // The next complete line's commands, in order; nothing when more bytes are needed. A line of only blanks
    // gives an empty list.
    std::optional<std::vector<Command>> next();

 private:
    std::string buffer_;
    std::size_t scanned_ = 0;  // of buffer_, known to hold no complete line
    bool ended_ = false;
};

// One line without its end into commands.
std::vector<Command> split_commands(std::string_view line);

}  // namespace proxyd::admin
