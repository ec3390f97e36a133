#include "vrrpd/config/macros.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "common/text.h"
#include "vrrpd/config/load.h"

namespace vrrpd::config {
namespace {

// Definitions that contain each other would grow without end.
constexpr int kMaxExpansionDepth = 32;
constexpr std::size_t kMaxExpandedLine = 64 * 1024;
constexpr std::int64_t kMaxRepetitions = 100'000;
constexpr std::int64_t kLastRandom = 32767;

bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

std::string_view name_at(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && is_name(text[size])) ++size;
    if (size > 0 && std::isdigit(static_cast<unsigned char>(text[0]))) size = 0;
    return text.substr(0, size);
}

std::string_view trim_left(std::string_view text) {
    const auto at = text.find_first_not_of(" \t");
    return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

std::string_view trim_right(std::string_view text) {
    const auto at = text.find_last_not_of(" \t\r");
    return at == std::string_view::npos ? std::string_view() : text.substr(0, at + 1);
}

// The lines of a definition's value, a trailing '\' removed from each.
std::string_view without_continuation(std::string_view line, bool& goes_on) {
    line = trim_right(line);
    goes_on = !line.empty() && line.back() == '\\';
    if (goes_on) line.remove_suffix(1);
    return trim_right(line);
}

std::optional<std::int64_t> number_of(std::string_view text, int base) {
    std::int64_t value = 0;
    text = common::trim(text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string text_of(std::int64_t value, int base) {
    char buffer[32];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, base);
    return {buffer, end};
}

void replace_all(std::string& text, std::string_view name, std::string_view value) {
    const std::string braced = "${" + std::string(name) + "}";
    for (auto at = text.find(braced); at != std::string::npos; at = text.find(braced, at + value.size())) {
        text.replace(at, braced.size(), value);
    }
    const std::string plain = "$" + std::string(name);
    for (auto at = text.find(plain); at != std::string::npos; at = text.find(plain, at + 1)) {
        if (at + plain.size() < text.size() && is_name(text[at + plain.size()])) continue;
        text.replace(at, plain.size(), value);
    }
}

// "{a,b},{1,2}" and "a,1,2" at top-level commas.
std::vector<std::string_view> split_list(std::string_view text) {
    std::vector<std::string_view> out;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i == text.size() || (text[i] == ',' && depth == 0)) {
            out.push_back(common::trim(text.substr(begin, i - begin)));
            begin = i + 1;
        } else if (text[i] == '{') {
            ++depth;
        } else if (text[i] == '}') {
            --depth;
        }
    }
    return out;
}

std::vector<std::string_view> members(std::string_view item) {
    if (item.size() >= 2 && item.front() == '{' && item.back() == '}')
        return split_list(item.substr(1, item.size() - 2));
    return {item};
}

}  // namespace

// "", "MIN", "MIN MAX".
std::optional<std::string> Macros::random_number(std::string_view range) {
    constexpr std::int64_t kMost = 0x7fffffff;
    range = common::trim(range);
    const auto blank = std::min(range.find_first_of(" \t"), range.size());
    const auto low = range.empty() ? std::optional<std::int64_t>(0) : number_of(range.substr(0, blank), 10);
    const auto high = blank == range.size()
                          ? std::optional<std::int64_t>(std::max(low.value_or(0), kLastRandom))
                          : number_of(range.substr(blank), 10);
    if (!low || !high || *low < 0 || *high < *low || *high > kMost) return std::nullopt;
    if (!random_) random_.emplace(std::random_device{}());
    // Not a distribution of the library: those differ from one to the next.
    const auto span = static_cast<std::uint64_t>(*high - *low) + 1;
    return std::to_string(*low + static_cast<std::int64_t>((*random_)() % span));
}

std::optional<std::string> Macros::value_of(std::string_view name) {
    if (name == "_PWD") return directory_;
    if (name == "_INSTANCE") return instance_;
    if (name == "_HASH") return "#";
    if (name == "_BANG") return "!";
    if (name == "_RANDOM" || name.starts_with("_RANDOM ")) return random_number(name.substr(7));
    if (name.starts_with("_ENV ")) {
        const char* value = std::getenv(std::string(common::trim(name.substr(5))).c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    }
    const auto known = values_.find(name);
    return known == values_.end() ? std::nullopt : std::optional(known->second);
}

bool Macros::condition_holds(std::string_view& line) const {
    const std::string_view text = trim_left(line);
    if (!text.starts_with('@')) return true;
    const bool inverted = text.starts_with("@^");
    const std::string_view rest = text.substr(inverted ? 2 : 1);
    const auto end = std::min(rest.find_first_of(" \t\r"), rest.size());
    line = rest.substr(end);
    return (rest.substr(0, end) == config_id_) != inverted;
}

bool Macros::define(std::string_view line) {
    bool goes_on = false;
    if (!defining_.empty()) {
        const std::string_view text = without_continuation(line, goes_on);
        std::string& value = values_[defining_];
        if (!value.empty()) value += '\n';
        value += trim_left(text);
        if (!goes_on) defining_.clear();
        return true;
    }
    const std::string_view text = trim_left(line);
    if (!text.starts_with('$')) return false;
    const std::string_view name = name_at(text.substr(1));
    const std::string_view rest = text.substr(1 + name.size());
    if (name.empty() || !rest.starts_with('=')) return false;
    const std::string_view value = without_continuation(rest.substr(1), goes_on);
    values_[std::string(name)] = std::string(trim_left(value));
    if (goes_on) defining_ = std::string(name);
    return true;
}

bool Macros::repeat(std::string_view line, common::Location where, std::vector<SourceLine>& out, int depth) {
    const std::string_view text = trim_left(line);
    const bool sequence = text.starts_with("~SEQ(") || text.starts_with("~SEQx(");
    if (!sequence && !text.starts_with("~LST(")) return false;
    const auto open = text.find('('), close = text.find(')');
    if (close == std::string_view::npos) {
        diagnostics_.warning(where, "'" + std::string(text.substr(0, open)) + "' without ')'");
        return true;
    }
    const std::vector<std::string_view> items = split_list(text.substr(open + 1, close - open - 1));
    const std::string body(text.substr(close + 1));
    if (!sequence) {
        const std::vector<std::string_view> names = members(items[0]);
        for (std::size_t i = 1; i < items.size(); ++i) {
            const std::vector<std::string_view> values = members(items[i]);
            std::string copy = body;
            for (std::size_t k = 0; k < names.size() && k < values.size(); ++k)
                replace_all(copy, names[k], values[k]);
            expand(std::move(copy), where, out, depth + 1);
        }
        return true;
    }
    const int base = text.starts_with("~SEQx(") ? 16 : 10;
    const auto start = items.size() > 2 ? number_of(items[1], base) : std::nullopt;
    const auto end = items.size() > 2 ? number_of(items.back(), base) : std::nullopt;
    const auto step = items.size() > 3 ? number_of(items[2], base) : start && end && *end < *start ? -1 : 1;
    if (!start || !end || !step || *step == 0 || (*end - *start) / *step > kMaxRepetitions) {
        diagnostics_.warning(where, "'~SEQ' wants (name,start[,step],end)");
        return true;
    }
    for (std::int64_t value = *start; *step > 0 ? value <= *end : value >= *end; value += *step) {
        std::string copy = body;
        replace_all(copy, items[0], text_of(value, base));
        expand(std::move(copy), where, out, depth + 1);
    }
    return true;
}

void Macros::expand(std::string line, common::Location where, std::vector<SourceLine>& out, int depth) {
    if (too_big_) return;
    if (depth > kMaxExpansionDepth || out.size() > kMaxLines) {
        diagnostics_.error(where, "definitions expand without end");
        too_big_ = true;
        return;
    }
    if (repeat(line, where, out, depth)) return;
    int rounds = 0;
    for (std::size_t at = line.find('$'); at != std::string::npos; at = line.find('$', at)) {
        const std::string_view rest = std::string_view(line).substr(at + 1);
        const bool braced = rest.starts_with('{');
        const auto close = rest.find('}');
        std::string_view name =
            braced && close != std::string_view::npos ? rest.substr(1, close - 1) : name_at(rest);
        const std::size_t size = braced ? name.size() + 3 : name.size() + 1;
        const std::optional<std::string> value = name.empty() ? std::nullopt : value_of(name);
        // "$NAME" must be followed by a blank, as in keepalived: "$5x" of a shell command stays.
        if (!value ||
            (!braced && at + size < line.size() && line[at + size] != ' ' && line[at + size] != '\t')) {
            ++at;
            continue;
        }
        line.replace(at, size, *value);
        if (++rounds > 10'000 || line.size() > kMaxExpandedLine) {
            diagnostics_.error(where, "definitions expand without end");
            too_big_ = true;
            return;
        }
    }
    // A definition of several lines makes several lines.
    if (line.find('\n') == std::string::npos) {
        out.push_back({std::move(line), where});
        return;
    }
    for (const std::string_view part : common::split(line, '\n'))
        expand(std::string(part), where, out, depth + 1);
}

void Macros::feed(std::string_view line, common::Location where, std::vector<SourceLine>& out) {
    if (!condition_holds(line) || define(line)) return;
    const std::string_view words = common::trim(line);
    if (words.empty() || words.front() == '#' || words.front() == '!') return;
    if (const std::string_view text = trim_left(line); text.starts_with("instance ")) {
        instance_ = std::string(name_at(trim_left(text.substr(9))));
    }
    if (words.starts_with("random_seed ")) {
        if (const auto seed = number_of(words.substr(12), 10))
            random_.emplace(static_cast<std::mt19937::result_type>(*seed));
    }
    if (line.find_first_of("$~") == std::string_view::npos) {
        out.push_back({std::string(line), where});
        return;
    }
    expand(std::string(line), where, out, 0);
}

}  // namespace vrrpd::config
