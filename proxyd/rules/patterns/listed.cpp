// Patterns of text that have no key of their own: substrings (found by their first bytes), regular
// expressions (tried in turn), and exact bytes.
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/patterns/bucket.h"
#include "proxyd/rules/patterns/pattern.h"
#include "proxyd/rules/regex.h"

namespace proxyd::rules {
namespace {

// Finds substrings at every place of the subject by a hash of their first 8, 4, 3, 2 or 1 bytes, and
// compares only those that begin so. A few are sought one after the other.
template <bool Fold>
class SubstringPatterns final : public Patterns {
 public:
    common::Result<> add(const PatternEntry& entry) override {
        if (entry.pattern.empty()) {
            empty_.push_back(&entry);
            return {};
        }
        few_.clear();
        auto& group = groups_[class_of(entry.pattern.size())];
        group[key(entry.pattern, kSizes[class_of(entry.pattern.size())])].push_back(&entry);
        ++count_;
        return {};
    }

    void remove(const PatternEntry& entry) override {
        if (entry.pattern.empty()) {
            std::erase(empty_, &entry);
            return;
        }
        few_.clear();
        const std::size_t which = class_of(entry.pattern.size());
        const auto found = groups_[which].find(key(entry.pattern, kSizes[which]));
        if (found == groups_[which].end() || std::erase(found->second, &entry) == 0) return;
        if (found->second.empty()) groups_[which].erase(found);
        --count_;
    }

    void finish() override {
        few_.clear();
        if (count_ > kFew) return;
        for (const auto& group : groups_)
            for (const auto& [key, entries] : group) few_.insert(few_.end(), entries.begin(), entries.end());
    }

    const PatternEntry* match(const Sample& sample) const override {
        const std::string_view text = sample.text;
        const PatternEntry* best = empty_.empty() ? nullptr : empty_.front();
        if (few_.size() == count_) {
            for (const PatternEntry* entry : few_)
                if (contains(text, entry->pattern)) best = earlier(best, entry);
            return best;
        }
        for (std::size_t which = 0; which < kSizes.size(); ++which) {
            const auto& group = groups_[which];
            const std::size_t size = kSizes[which];
            if (group.empty()) continue;
            for (std::size_t at = 0; at + size <= text.size(); ++at) {
                const auto found = group.find(key(text.substr(at), size));
                if (found == group.end()) continue;
                for (const PatternEntry* entry : found->second)
                    if (text.size() - at >= entry->pattern.size() &&
                        same_text(text.substr(at, entry->pattern.size()), entry->pattern, Fold))
                        best = earlier(best, entry);
            }
        }
        return best;
    }
    bool is_list() const override { return true; }

 private:
    static constexpr std::array<std::size_t, 5> kSizes{8, 4, 3, 2, 1};
    static constexpr std::size_t kFew = 4;

    static bool contains(std::string_view text, std::string_view pattern) {
        if constexpr (!Fold) return text.find(pattern) != std::string_view::npos;
        const char first = lower(pattern.front());
        for (std::size_t at = 0; at + pattern.size() <= text.size(); ++at)
            if (lower(text[at]) == first && same_text(text.substr(at, pattern.size()), pattern, true))
                return true;
        return false;
    }

    static std::size_t class_of(std::size_t size) {
        return static_cast<std::size_t>(
            std::ranges::find_if(kSizes, [&](std::size_t each) { return each <= size; }) - kSizes.begin());
    }
    static std::uint64_t key(std::string_view text, std::size_t size) {
        std::uint64_t out = 0;
        for (std::size_t i = 0; i < size; ++i)
            out = out << 8 | static_cast<unsigned char>(Fold ? lower(text[i]) : text[i]);
        return out;
    }

    std::array<boost::unordered_flat_map<std::uint64_t, std::vector<const PatternEntry*>>, 5> groups_;
    std::vector<const PatternEntry*> few_;  // all, when they are no more than kFew and finish() was called
    std::vector<const PatternEntry*> empty_;
    std::size_t count_ = 0;
};

class RegexPatterns final : public Patterns {
 public:
    explicit RegexPatterns(bool ignore_case) : ignore_case_(ignore_case) {}

    common::Result<> add(const PatternEntry& entry) override {
        auto compiled = Regex::compile(entry.pattern, ignore_case_);
        if (!compiled) return std::unexpected(compiled.error());
        patterns_.emplace_back(std::move(*compiled), &entry);
        return {};
    }
    void remove(const PatternEntry& entry) override {
        std::erase_if(patterns_, [&](const auto& each) { return each.second == &entry; });
    }
    const PatternEntry* match(const Sample& sample) const override {
        for (const auto& [regex, entry] : patterns_)
            if (regex.search(sample.text)) return entry;
        return nullptr;
    }
    const Regex* regex(const PatternEntry& entry) const override {
        for (const auto& [regex, each] : patterns_)
            if (each == &entry) return &regex;
        return nullptr;
    }
    bool is_list() const override { return true; }

 private:
    std::vector<std::pair<Regex, const PatternEntry*>> patterns_;
    bool ignore_case_;
};

class BinaryPatterns final : public Patterns {
 public:
    common::Result<> add(const PatternEntry& entry) override {
        std::string bytes = decode(entry.pattern);
        if (entry.pattern.empty() || bytes.size() * 2 != entry.pattern.size())
            return common::fail("'" + entry.pattern + "' is not an even number of hexadecimal digits",
                                common::Side::config);
        const auto [place, is_new] = table_.try_emplace(std::move(bytes), entry);
        if (!is_new) place->second.add(entry);
        return {};
    }
    void remove(const PatternEntry& entry) override {
        const auto found = table_.find(decode(entry.pattern));
        if (found != table_.end() && found->second.remove(entry)) table_.erase(found);
    }
    const PatternEntry* match(const Sample& sample) const override {
        const auto found = table_.find(sample.text);
        return found == table_.end() ? nullptr : found->second.first();
    }
    bool is_list() const override { return true; }

 private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    };
    static std::string decode(std::string_view digits) {
        std::string bytes;
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
            const int high = hex_value(digits[i]), low = hex_value(digits[i + 1]);
            if (high < 0 || low < 0) break;
            bytes += static_cast<char>(high * 16 + low);
        }
        return bytes;
    }

    boost::unordered_flat_map<std::string, Bucket, Hash, Equal> table_;
};

}  // namespace

std::unique_ptr<Patterns> make_substring_patterns(PatternFlags flags) {
    if (flags.ignore_case) return std::make_unique<SubstringPatterns<true>>();
    return std::make_unique<SubstringPatterns<false>>();
}
std::unique_ptr<Patterns> make_regex_patterns(PatternFlags flags) {
    return std::make_unique<RegexPatterns>(flags.ignore_case);
}
std::unique_ptr<Patterns> make_binary_patterns(PatternFlags) {
    return std::make_unique<BinaryPatterns>();
}

}  // namespace proxyd::rules
