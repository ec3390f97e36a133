// Patterns of text: exact, prefix, suffix, and words between delimiters, all by hash.
#include "proxyd/rules/patterns/affix_index.h"
#include "proxyd/rules/patterns/pattern.h"

namespace proxyd::rules {
namespace {

// What stands alike in the three that compare with the beginning, the end or the whole of the subject.
template <bool Fold, bool FromEnd>
class AffixPatterns : public Patterns {
 public:
    common::Result<> add(const PatternEntry& entry) override {
        index_.add(entry.pattern, entry);
        return {};
    }
    void remove(const PatternEntry& entry) override { index_.remove(entry.pattern, entry); }

 protected:
    const PatternEntry* first(const Sample& sample) const {
        return index_.first(sample.text, [](std::size_t) { return true; });
    }
    AffixIndex<Fold, FromEnd> index_;
};

template <bool Fold>
class ExactPatterns final : public AffixPatterns<Fold, false> {
 public:
    const PatternEntry* match(const Sample& sample) const override { return this->index_.exact(sample.text); }
    bool is_list() const override { return Fold; }
};

template <bool Fold>
class PrefixPatterns final : public AffixPatterns<Fold, false> {
 public:
    // HAProxy keeps prefixes in a tree unless case is ignored.
    const PatternEntry* match(const Sample& sample) const override {
        return Fold ? this->first(sample) : this->index_.longest(sample.text);
    }
    bool is_list() const override { return Fold; }
};

template <bool Fold>
class SuffixPatterns final : public AffixPatterns<Fold, true> {
 public:
    const PatternEntry* match(const Sample& sample) const override { return this->first(sample); }
    bool is_list() const override { return true; }
};

struct Directory {
    static constexpr std::string_view delimiters = "/?";
};
struct Domain {
    static constexpr std::string_view delimiters = "/?.:";
};

// A pattern that stands between delimiters or ends; its own outer delimiters do not count.
template <class Where, bool Fold>
class WordPatterns final : public Patterns {
 public:
    common::Result<> add(const PatternEntry& entry) override {
        index_.add(word(entry), entry);
        return {};
    }
    void remove(const PatternEntry& entry) override { index_.remove(word(entry), entry); }

    const PatternEntry* match(const Sample& sample) const override {
        const std::string_view text = sample.text;
        const PatternEntry* best = nullptr;
        bool may_begin = true;
        for (std::size_t i = 0; i <= text.size(); ++i) {
            if (i < text.size() && is_delimiter(text[i])) {
                may_begin = true;
                continue;
            }
            if (!may_begin) continue;
            may_begin = false;
            best = earlier(best, index_.first(text.substr(i), [&](std::size_t length) {
                return i + length == text.size() || is_delimiter(text[i + length]);
            }));
        }
        return best;
    }
    bool is_list() const override { return true; }

 private:
    static bool is_delimiter(char c) { return Where::delimiters.find(c) != std::string_view::npos; }
    static std::string_view word(const PatternEntry& entry) {
        std::string_view word = entry.pattern;
        while (!word.empty() && is_delimiter(word.front())) word.remove_prefix(1);
        while (!word.empty() && is_delimiter(word.back())) word.remove_suffix(1);
        return word;
    }

    AffixIndex<Fold, false> index_;
};

template <template <bool> class Kind>
std::unique_ptr<Patterns> make(PatternFlags flags) {
    if (flags.ignore_case) return std::make_unique<Kind<true>>();
    return std::make_unique<Kind<false>>();
}
template <bool Fold>
using DirectoryPatterns = WordPatterns<Directory, Fold>;
template <bool Fold>
using DomainPatterns = WordPatterns<Domain, Fold>;

}  // namespace

std::unique_ptr<Patterns> make_exact_patterns(PatternFlags flags) {
    return make<ExactPatterns>(flags);
}
std::unique_ptr<Patterns> make_prefix_patterns(PatternFlags flags) {
    return make<PrefixPatterns>(flags);
}
std::unique_ptr<Patterns> make_suffix_patterns(PatternFlags flags) {
    return make<SuffixPatterns>(flags);
}
std::unique_ptr<Patterns> make_directory_patterns(PatternFlags flags) {
    return make<DirectoryPatterns>(flags);
}
std::unique_ptr<Patterns> make_domain_patterns(PatternFlags flags) {
    return make<DomainPatterns>(flags);
}

}  // namespace proxyd::rules
