#include "proxyd/upstream/agent.h"

#include <algorithm>

#include "common/text.h"

namespace proxyd::upstream {

namespace {

constexpr std::string_view kSeparators = " \t,";
constexpr std::string_view kLineEnds{"\r\n\0", 3};
constexpr int kMostWeight = 256;

bool take_health(std::string_view word, AgentWords& out) {
    const bool up = common::iequals(word, "up");
    if (!up && !common::iequals(word, "down") && !common::iequals(word, "fail") &&
        !common::iequals(word, "stopped"))
        return false;
    if (out.up) return true;  // the first one counts
    out.up = up;
    out.text = word;
    return true;
}

bool take_admin(std::string_view word, AgentWords& out) {
    using state::Admin;
    if (common::iequals(word, "ready")) return out.admin = Admin::ready, true;
    if (common::iequals(word, "drain")) return out.admin = Admin::drain, true;
    if (common::iequals(word, "maint")) return out.admin = Admin::maintenance, true;
    return false;
}

bool take_number(std::string_view word, AgentWords& out) {
    constexpr std::string_view kMaxconn = "maxconn:";
    if (word.starts_with(kMaxconn)) {
        const auto limit = common::parse_number(word.substr(kMaxconn.size()), 0, 1'000'000'000);
        if (limit) out.maxconn = static_cast<int>(*limit);
        return limit.has_value();
    }
    const bool percent = word.ends_with('%');
    const auto number =
        common::parse_number(word.substr(0, word.size() - percent), 0, percent ? 25'600 : kMostWeight);
    if (number) (percent ? out.weight_percent : out.weight) = static_cast<int>(*number);
    return number.has_value();
}

}  // namespace

bool agent_line_complete(std::string_view received) {
    return received.find_first_of(kLineEnds) != std::string_view::npos;
}

AgentWords parse_agent_words(std::string_view line) {
    AgentWords out;
    line = line.substr(0, line.find_first_of(kLineEnds));
    // What follows a sharp is for people.
    const std::size_t sharp = std::min(line.find('#'), line.size());
    const std::string_view why = common::trim(line.substr(std::min(sharp + 1, line.size())));
    line = line.substr(0, sharp);
    std::size_t at = 0;
    while ((at = line.find_first_not_of(kSeparators, at)) != std::string_view::npos) {
        const std::string_view rest = line.substr(at);
        const std::string_view word = rest.substr(0, rest.find_first_of(kSeparators));
        const bool known = take_health(word, out) || take_admin(word, out) || take_number(word, out);
        if (!known && out.error.empty()) out.error = word;
        at += word.size();
    }
    if (!out.text.empty() && !why.empty()) out.text += " (" + std::string(why) + ")";
    return out;
}

}  // namespace proxyd::upstream
