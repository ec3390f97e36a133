// Patterns of numbers: single ones, ranges LOW:HIGH with either end open, operators (configuration
// manual 7.1.2).
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxyd/rules/patterns/bucket.h"
#include "proxyd/rules/patterns/pattern.h"

namespace proxyd::rules {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

enum class Comparison : unsigned char { equal, greater_equal, greater, less_equal, less };

struct ComparisonRow {
    std::string_view name;
    Comparison comparison;
};
constexpr std::array kComparisons{
    ComparisonRow{"eq", Comparison::equal},   ComparisonRow{"ge", Comparison::greater_equal},
    ComparisonRow{"gt", Comparison::greater}, ComparisonRow{"le", Comparison::less_equal},
    ComparisonRow{"lt", Comparison::less},
};

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

struct Range {
    std::int64_t low, high;
};

// "5", "1:9", ":9", "1:".
common::Result<Range> parse_range(std::string_view pattern) {
    const auto colon = pattern.find(':');
    const bool is_range = colon != std::string_view::npos;
    const auto low_text = pattern.substr(0, colon);
    const auto high_text = is_range ? pattern.substr(colon + 1) : low_text;
    const auto low = is_range && low_text.empty() ? kLowest : number(low_text);
    const auto high = is_range && high_text.empty() ? kHighest : number(high_text);
    if (!low || !high || pattern == ":")
        return common::fail(
            "'" + std::string(pattern) +
                "' is neither a whole number nor a range LOW:HIGH, nor one of eq, ge, gt, le, lt",
            common::Side::config);
    if (*low > *high)
        return common::fail(
            "the range '" + std::string(pattern) + "' is empty: its low end is above its high end",
            common::Side::config);
    return Range{*low, *high};
}

// "3.3" is 3 * 65536 + 3, "3" everything from 3.0 to 3.65535, "3.1:3.3" and "3:" ranges of those.
common::Result<Range> parse_versions(std::string_view pattern) {
    constexpr std::int64_t kMinors = 65536;
    const auto one = [](std::string_view text) -> std::optional<Range> {
        const auto dot = text.find('.');
        const auto major = number(text.substr(0, dot));
        if (!major || *major < 0 || *major >= kMinors) return std::nullopt;
        if (dot == std::string_view::npos) return Range{*major * kMinors, *major * kMinors + kMinors - 1};
        const auto minor = number(text.substr(dot + 1));
        if (!minor || *minor < 0 || *minor >= kMinors) return std::nullopt;
        return Range{*major * kMinors + *minor, *major * kMinors + *minor};
    };
    const auto colon = pattern.find(':');
    const bool is_range = colon != std::string_view::npos;
    const auto low_text = pattern.substr(0, colon);
    const auto high_text = is_range ? pattern.substr(colon + 1) : low_text;
    const auto low = is_range && low_text.empty() ? Range{kLowest, kLowest} : one(low_text);
    const auto high = is_range && high_text.empty() ? Range{kHighest, kHighest} : one(high_text);
    if (!low || !high || pattern == ":" || low->low > high->high)
        return common::fail("'" + std::string(pattern) + "' is no version such as 3.3, nor a range of them",
                            common::Side::config);
    return Range{low->low, high->high};
}

// Single numbers by hash; ranges cut into pieces that do not overlap, each with the first range of the list
// that covers it.
class NumberPatterns final : public Patterns {
 public:
    using Parse = common::Result<Range> (*)(std::string_view);
    NumberPatterns(Parse parse, bool of_length) : parse_(parse), of_length_(of_length) {}

    common::Result<> add(const PatternEntry& entry) override {
        const auto range = parse_(entry.pattern);
        if (!range) return std::unexpected(range.error());
        if (range->low != range->high) {
            ranges_.emplace_back(*range, &entry);
            return {};
        }
        const auto [place, is_new] = singles_.try_emplace(range->low, entry);
        if (!is_new) place->second.add(entry);
        return {};
    }

    void remove(const PatternEntry& entry) override {
        std::erase_if(ranges_, [&](const auto& each) { return each.second == &entry; });
        const auto range = parse_(entry.pattern);
        if (!range || range->low != range->high) return;
        const auto found = singles_.find(range->low);
        if (found != singles_.end() && found->second.remove(entry)) singles_.erase(found);
    }

    void finish() override {
        // A sweep over the ends: `open` holds the ranges that cover the current piece, in the list's order.
        std::vector<std::pair<std::int64_t, const PatternEntry*>> starts, ends;  // ends: one past, or none
        for (const auto& [range, entry] : ranges_) {
            starts.emplace_back(range.low, entry);
            if (range.high != kHighest) ends.emplace_back(range.high + 1, entry);
        }
        std::ranges::sort(starts);
        std::ranges::sort(ends);
        std::map<std::uint64_t, const PatternEntry*> open;
        pieces_.clear();
        std::size_t start = 0, end = 0;
        while (start < starts.size() || end < ends.size()) {
            const bool begins =
                start < starts.size() && (end == ends.size() || starts[start].first <= ends[end].first);
            const std::int64_t at = begins ? starts[start].first : ends[end].first;
            for (; start < starts.size() && starts[start].first == at; ++start)
                open.emplace(starts[start].second->number, starts[start].second);
            for (; end < ends.size() && ends[end].first == at; ++end) open.erase(ends[end].second->number);
            pieces_.emplace_back(at, open.empty() ? nullptr : open.begin()->second);
        }
    }

    const PatternEntry* match(const Sample& sample) const override {
        const std::int64_t value = of_length_ ? static_cast<std::int64_t>(sample.text.size()) : sample.number;
        const PatternEntry* best = nullptr;
        if (const auto found = singles_.find(value); found != singles_.end()) best = found->second.first();
        const auto after = std::ranges::upper_bound(pieces_, value, {}, &Piece::first);
        return after == pieces_.begin() ? best : earlier(best, std::prev(after)->second);
    }
    bool is_list() const override { return true; }

 private:
    using Piece = std::pair<std::int64_t, const PatternEntry*>;  // from here on; null: nothing covers it
    Parse parse_;
    bool of_length_;
    boost::unordered_flat_map<std::int64_t, Bucket> singles_;
    std::vector<std::pair<Range, const PatternEntry*>> ranges_;
    std::vector<Piece> pieces_;
};

}  // namespace

bool is_comparison(std::string_view word) {
    return std::ranges::find(kComparisons, word, &ComparisonRow::name) != kComparisons.end();
}

common::Result<std::string> compared_pattern(std::string_view comparison, std::string_view pattern) {
    const auto row = std::ranges::find(kComparisons, comparison, &ComparisonRow::name);
    const auto range = parse_range(pattern);
    if (!range) return std::unexpected(range.error());
    const auto from = [](std::int64_t low) { return std::to_string(low) + ":"; };
    const auto to = [](std::int64_t high) { return ":" + std::to_string(high); };
    const auto none = [&]() -> common::Result<std::string> {
        return common::fail("no number is '" + std::string(comparison) + " " + std::string(pattern) + "'",
                            common::Side::config);
    };
    switch (row->comparison) {
        case Comparison::equal:
            break;
        case Comparison::greater_equal:
            return from(range->low);
        case Comparison::less_equal:
            return to(range->high);
        case Comparison::greater:
            return range->low == kHighest ? none() : from(range->low + 1);
        case Comparison::less:
            return range->high == kLowest ? none() : to(range->high - 1);
    }
    return std::string(pattern);
}

std::unique_ptr<Patterns> make_integer_patterns(PatternFlags) {
    return std::make_unique<NumberPatterns>(parse_range, false);
}
std::unique_ptr<Patterns> make_length_patterns(PatternFlags) {
    return std::make_unique<NumberPatterns>(parse_range, true);
}
std::unique_ptr<Patterns> make_version_patterns(PatternFlags) {
    return std::make_unique<NumberPatterns>(parse_versions, false);
}

}  // namespace proxyd::rules
