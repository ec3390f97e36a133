// Patterns of numbers: single ones, ranges LOW:HIGH with either end open, operators (configuration
// manual 7.1.2).
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "proxyd/rules/pattern.h"
#include "proxyd/rules/range_set.h"

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

class NumberPatterns final : public Patterns {
 public:
    explicit NumberPatterns(bool of_length) : of_length_(of_length) {}

    bool take_operator(std::string_view word) override {
        for (const ComparisonRow& row : kComparisons)
            if (row.name == word) return comparison_ = row.comparison, true;
        return false;
    }

    common::Result<> add(std::string_view pattern, Flags) override {
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
        add_compared(*low, *high);
        return {};
    }

    void finish() override { ranges_.finish(); }

    bool match(const Sample& sample) const override {
        return ranges_.contains(of_length_ ? static_cast<std::int64_t>(sample.text.size()) : sample.number);
    }

 private:
    void add_compared(std::int64_t low, std::int64_t high) {
        switch (comparison_) {
            case Comparison::equal:
                ranges_.add(low, high);
                break;
            case Comparison::greater_equal:
                ranges_.add(low, kHighest);
                break;
            case Comparison::less_equal:
                ranges_.add(kLowest, high);
                break;
            case Comparison::greater:
                if (low != kHighest) ranges_.add(low + 1, kHighest);
                break;
            case Comparison::less:
                if (high != kLowest) ranges_.add(kLowest, high - 1);
                break;
        }
    }

    bool of_length_;
    Comparison comparison_ = Comparison::equal;
    RangeSet<std::int64_t> ranges_;
};

}  // namespace

std::unique_ptr<Patterns> make_integer_patterns() {
    return std::make_unique<NumberPatterns>(false);
}
std::unique_ptr<Patterns> make_length_patterns() {
    return std::make_unique<NumberPatterns>(true);
}

}  // namespace proxyd::rules
