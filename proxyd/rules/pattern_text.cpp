// Patterns of text: exact, prefix, suffix (indexed), substring, directory, domain, regex (one after the
// other).
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/pattern.h"
#include "proxyd/rules/regex.h"

namespace proxyd::rules {
namespace {

template <bool Fold>
constexpr char folded(char c) {
    return Fold ? lower(c) : c;
}

// FNV-1a over the folded bytes: a look-up copies nothing.
template <bool Fold>
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        std::uint64_t hash = 14695981039346656037ULL;
        for (char c : text) hash = (hash ^ static_cast<unsigned char>(folded<Fold>(c))) * 1099511628211ULL;
        return hash;
    }
};
template <bool Fold>
struct TextEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return same_text(a, b, Fold); }
};
template <bool Fold>
using TextSet = boost::unordered_flat_set<std::string, TextHash<Fold>, TextEqual<Fold>>;

class ExactPatterns final : public Patterns {
 public:
    common::Result<> add(std::string_view pattern, Flags flags) override {
        if (flags.ignore_case)
            folded_.emplace(pattern);
        else
            exact_.emplace(pattern);
        return {};
    }
    bool match(const Sample& sample) const override {
        return (!exact_.empty() && exact_.contains(sample.text)) ||
               (!folded_.empty() && folded_.contains(sample.text));
    }

 private:
    TextSet<false> exact_;
    TextSet<true> folded_;
};

// Sorted prefixes (or suffixes, read from the end) of which none is a prefix of another: then only the last
// one that is not greater than the subject can be its prefix.
template <bool Fold, bool FromEnd>
class AffixIndex {
 public:
    void add(std::string_view pattern) { patterns_.emplace_back(pattern); }

    void finish() {
        std::ranges::sort(patterns_, [](const auto& a, const auto& b) { return compare(a, b) < 0; });
        std::vector<std::string> kept;
        for (auto& pattern : patterns_)
            if (kept.empty() || !begins(pattern, kept.back())) kept.push_back(std::move(pattern));
        patterns_ = std::move(kept);
    }

    bool contains_affix_of(std::string_view subject) const {
        const auto after = std::ranges::upper_bound(
            patterns_, subject, [](std::string_view a, std::string_view b) { return compare(a, b) < 0; });
        return after != patterns_.begin() && begins(subject, *std::prev(after));
    }

 private:
    static unsigned char at(std::string_view text, std::size_t i) {
        return static_cast<unsigned char>(folded<Fold>(FromEnd ? text[text.size() - 1 - i] : text[i]));
    }
    static int compare(std::string_view a, std::string_view b) {
        const std::size_t common_size = std::min(a.size(), b.size());
        for (std::size_t i = 0; i < common_size; ++i)
            if (at(a, i) != at(b, i)) return at(a, i) < at(b, i) ? -1 : 1;
        return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
    }
    static bool begins(std::string_view subject, std::string_view affix) {
        if (affix.size() > subject.size()) return false;
        for (std::size_t i = 0; i < affix.size(); ++i)
            if (at(subject, i) != at(affix, i)) return false;
        return true;
    }

    std::vector<std::string> patterns_;
};

template <bool FromEnd>
class AffixPatterns final : public Patterns {
 public:
    common::Result<> add(std::string_view pattern, Flags flags) override {
        if (flags.ignore_case)
            folded_.add(pattern);
        else
            exact_.add(pattern);
        return {};
    }
    void finish() override {
        exact_.finish();
        folded_.finish();
    }
    bool match(const Sample& sample) const override {
        return exact_.contains_affix_of(sample.text) || folded_.contains_affix_of(sample.text);
    }

 private:
    AffixIndex<false, FromEnd> exact_;
    AffixIndex<true, FromEnd> folded_;
};

bool contains(std::string_view text, std::string_view part, bool ignore_case) {
    if (!ignore_case) return text.find(part) != std::string_view::npos;
    return std::ranges::search(text, part, {}, lower, lower).begin() != text.end() || part.empty();
}

bool is_one_of(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
}

// `word` stands in `text` between delimiters or ends; its own outer delimiters do not count.
bool contains_word(std::string_view text, std::string_view word, bool ignore_case,
                   std::string_view delimiters) {
    while (!word.empty() && is_one_of(word.front(), delimiters)) word.remove_prefix(1);
    while (!word.empty() && is_one_of(word.back(), delimiters)) word.remove_suffix(1);
    bool may_begin = true;
    for (std::size_t i = 0; i + word.size() <= text.size(); ++i) {
        if (i < text.size() && is_one_of(text[i], delimiters)) {
            may_begin = true;
            continue;
        }
        if (!may_begin) continue;
        may_begin = false;
        const std::size_t end = i + word.size();
        if (same_text(text.substr(i, word.size()), word, ignore_case) &&
            (end == text.size() || is_one_of(text[end], delimiters)))
            return true;
    }
    return false;
}

struct Substring {
    static bool match(std::string_view text, std::string_view part, bool ignore_case) {
        return contains(text, part, ignore_case);
    }
};
struct Directory {
    static bool match(std::string_view text, std::string_view part, bool ignore_case) {
        return contains_word(text, part, ignore_case, "/?");
    }
};
struct Domain {
    static bool match(std::string_view text, std::string_view part, bool ignore_case) {
        return contains_word(text, part, ignore_case, "/?.:");
    }
};

template <class How>
class ListedPatterns final : public Patterns {
 public:
    common::Result<> add(std::string_view pattern, Flags flags) override {
        patterns_.emplace_back(pattern, flags.ignore_case);
        return {};
    }
    bool match(const Sample& sample) const override {
        return std::ranges::any_of(patterns_, [&](const auto& pattern) {
            return How::match(sample.text, pattern.first, pattern.second);
        });
    }

 private:
    std::vector<std::pair<std::string, bool>> patterns_;  // text, ignore case
};

class RegexPatterns final : public Patterns {
 public:
    common::Result<> add(std::string_view pattern, Flags flags) override {
        auto compiled = Regex::compile(pattern, flags.ignore_case);
        if (!compiled) return std::unexpected(compiled.error());
        patterns_.push_back(std::move(*compiled));
        return {};
    }
    bool match(const Sample& sample) const override {
        return std::ranges::any_of(patterns_,
                                   [&](const Regex& pattern) { return pattern.search(sample.text); });
    }

 private:
    std::vector<Regex> patterns_;
};

class BinaryPatterns final : public Patterns {
 public:
    common::Result<> add(std::string_view pattern, Flags) override {
        std::string bytes;
        for (std::size_t i = 0; i + 1 < pattern.size(); i += 2) {
            const int high = hex_value(pattern[i]), low = hex_value(pattern[i + 1]);
            if (high < 0 || low < 0) break;
            bytes += static_cast<char>(high * 16 + low);
        }
        if (pattern.empty() || bytes.size() * 2 != pattern.size())
            return common::fail("'" + std::string(pattern) + "' is not an even number of hexadecimal digits",
                                common::Side::config);
        set_.insert(std::move(bytes));
        return {};
    }
    bool match(const Sample& sample) const override { return set_.contains(sample.text); }

 private:
    TextSet<false> set_;
};

}  // namespace

std::unique_ptr<Patterns> make_exact_patterns() {
    return std::make_unique<ExactPatterns>();
}
std::unique_ptr<Patterns> make_prefix_patterns() {
    return std::make_unique<AffixPatterns<false>>();
}
std::unique_ptr<Patterns> make_suffix_patterns() {
    return std::make_unique<AffixPatterns<true>>();
}
std::unique_ptr<Patterns> make_substring_patterns() {
    return std::make_unique<ListedPatterns<Substring>>();
}
std::unique_ptr<Patterns> make_directory_patterns() {
    return std::make_unique<ListedPatterns<Directory>>();
}
std::unique_ptr<Patterns> make_domain_patterns() {
    return std::make_unique<ListedPatterns<Domain>>();
}
std::unique_ptr<Patterns> make_regex_patterns() {
    return std::make_unique<RegexPatterns>();
}
std::unique_ptr<Patterns> make_binary_patterns() {
    return std::make_unique<BinaryPatterns>();
}

}  // namespace proxyd::rules
