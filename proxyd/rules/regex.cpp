#include "proxyd/rules/regex.h"

// The only file of the daemon that sees Boost.Regex: the specialisation below must hold wherever it is used.
#include <boost/regex.hpp>

#include <atomic>
#include <iterator>
#include <stdexcept>

namespace proxyd::rules {

namespace {

std::atomic<std::uint64_t> abandoned_matches{0};

// Two budgets bound one search; together they stay below 5 ms on the reference machine for an 8 kB subject
// (measured with the patterns of the unit test). States: how often the machine branches. Steps: how many
// characters it walks.
constexpr std::ptrdiff_t kMaxStates = 200'000;
constexpr std::int64_t kMaxSteps = 2'000'000;
thread_local std::int64_t steps_left = 0;

// A text position that spends the step budget. Boost checks states only, and one state may walk the whole
// text.
class Position {
 public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Position() = default;
    explicit Position(const char* at) : at_(at) {}
    const char* get() const { return at_; }

    reference operator*() const { return *at_; }
    Position& operator++() { return spend(), ++at_, *this; }
    Position& operator--() { return spend(), --at_, *this; }
    Position operator++(int) { return spend(), Position(at_++); }
    Position operator--(int) { return spend(), Position(at_--); }
    Position& operator+=(difference_type n) { return at_ += n, *this; }
    Position& operator-=(difference_type n) { return at_ -= n, *this; }
    friend Position operator+(Position p, difference_type n) { return Position(p.at_ + n); }
    friend Position operator-(Position p, difference_type n) { return Position(p.at_ - n); }
    friend difference_type operator-(Position a, Position b) { return a.at_ - b.at_; }
    reference operator[](difference_type n) const { return at_[n]; }
    auto operator<=>(const Position&) const = default;

 private:
    static void spend() {
        if (--steps_left < 0) throw std::runtime_error("step budget spent");
    }
    const char* at_ = nullptr;
};

using Match = boost::match_results<Position>;
using Traits = boost::regex::traits_type;
using Matcher = boost::BOOST_REGEX_DETAIL_NS::perl_matcher<Position, Match::allocator_type, Traits>;

}  // namespace
}  // namespace proxyd::rules

// Boost's own estimate, length times the square of the machine's size, allows seconds.
namespace boost::BOOST_REGEX_DETAIL_NS {
template <>
void proxyd::rules::Matcher::estimate_max_state_count(std::random_access_iterator_tag*) {
    max_state_count = proxyd::rules::kMaxStates;
}
}  // namespace boost::BOOST_REGEX_DETAIL_NS

namespace proxyd::rules {
namespace {

// Kept between matches: filling it anew costs no allocation.
Match& match_of_this_thread() {
    thread_local Match match;
    return match;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

void append_substitute(std::string_view substitute, const Match& match, std::string& out) {
    for (std::size_t i = 0; i < substitute.size(); ++i) {
        if (substitute[i] != '\\' || i + 1 == substitute.size()) {
            out += substitute[i];
            continue;
        }
        const char next = substitute[++i];
        if (next >= '0' && next <= '9') {
            const auto& group = match[next - '0'];
            if (group.matched) out.append(group.first.get(), group.second.get());
        } else if (next == 'x' && i + 2 < substitute.size() && hex_digit(substitute[i + 1]) >= 0 &&
                   hex_digit(substitute[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(substitute[i + 1]) * 16 + hex_digit(substitute[i + 2]));
            i += 2;
        } else {
            out += next;
        }
    }
}

}  // namespace

struct Regex::Compiled {
    std::string pattern;
    boost::regex expression;

    // `at_start`: `begin` is where the text begins, not the rest after an earlier match.
    bool find(const char* begin, const char* end, bool at_start, Match& match) const {
        auto flags = boost::match_default | boost::match_not_dot_newline;
        if (!at_start) flags |= boost::match_prev_avail | boost::match_not_bob;
        steps_left = kMaxSteps;
        try {
            return boost::regex_search(Position(begin), Position(end), match, expression, flags);
        } catch (const std::exception&) {
            // What costs this much is hostile or a bad pattern; either way no match.
            abandoned_matches.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
    }
};

common::Result<Regex> Regex::compile(std::string_view pattern, bool ignore_case) {
    auto compiled = std::make_shared<Compiled>();
    compiled->pattern = pattern;
    boost::regex::flag_type flags = boost::regex::perl | boost::regex::optimize | boost::regex::no_mod_m;
    if (ignore_case) flags |= boost::regex::icase;
    try {
        compiled->expression.assign(pattern.begin(), pattern.end(), flags);
    } catch (const std::exception& error) {
        return common::fail(
            "the regular expression '" + std::string(pattern) + "' is not valid: " + error.what(),
            common::Side::config);
    }
    Regex out;
    out.compiled_ = std::move(compiled);
    return out;
}

bool Regex::search(std::string_view text) const {
    return compiled_->find(text.data(), text.data() + text.size(), true, match_of_this_thread());
}

bool Regex::expand(std::string_view text, std::string_view substitute, std::string& out) const {
    Match& match = match_of_this_thread();
    if (!compiled_->find(text.data(), text.data() + text.size(), true, match)) return false;
    append_substitute(substitute, match, out);
    return true;
}

bool Regex::replace(std::string_view text, std::string_view substitute, bool all, std::string& out) const {
    Match& match = match_of_this_thread();
    const char* at = text.data();
    const char* const end = at + text.size();
    const std::size_t before = out.size();
    bool any = false;
    while (compiled_->find(at, end, at == text.data(), match)) {
        any = true;
        out.append(at, match[0].first.get());
        append_substitute(substitute, match, out);
        const bool empty_match = match[0].first == match[0].second;
        at = match[0].second.get();
        if (!all || at == end) break;
        if (empty_match) out += *at++;
    }
    if (!any) {
        out.resize(before);
        return false;
    }
    out.append(at, end);
    return true;
}

const std::string& Regex::pattern() const {
    return compiled_->pattern;
}

std::uint64_t Regex::abandoned() {
    return abandoned_matches.load(std::memory_order_relaxed);
}

bool valid_substitute(std::string_view substitute) {
    for (std::size_t i = 0; i < substitute.size(); ++i) {
        if (substitute[i] != '\\') continue;
        if (++i == substitute.size()) return false;
    }
    return true;
}

}  // namespace proxyd::rules
