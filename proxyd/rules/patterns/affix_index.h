// Texts found as the beginning (or, read from the end, as the end) of a subject: one hash table of all, and
// the lengths that occur. A look-up hashes the subject once, byte by byte, and probes the table at those
// lengths, however many texts of each there are. Internal to the pattern indexes.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/patterns/bucket.h"

namespace proxyd::rules {

inline constexpr std::uint64_t kTextSeed = 14695981039346656037ULL;

template <bool Fold>
constexpr std::uint64_t hash_step(std::uint64_t hash, char c) {
    return (hash ^ static_cast<unsigned char>(Fold ? lower(c) : c)) * 1099511628211ULL;
}

template <bool Fold, bool FromEnd>
class AffixIndex {
 public:
    // `text` lies in the entry.
    void add(std::string_view text, const PatternEntry& entry) {
        const auto [place, is_new] = table_.try_emplace(text, entry, text);
        if (!is_new) return place->second.add(entry, text);
        if (lengths_count_.size() <= text.size()) lengths_count_.resize(text.size() + 1);
        if (lengths_count_[text.size()]++ == 0)
            lengths_.insert(std::ranges::lower_bound(lengths_, text.size()), text.size());
    }

    void remove(std::string_view text, const PatternEntry& entry) {
        const auto found = table_.find(text);
        if (found == table_.end()) return;
        Bucket rest = std::move(found->second);
        table_.erase(found);  // the key may lie in the entry that goes
        if (!rest.remove(entry)) {
            const std::string_view key = rest.first_text();
            table_.emplace(key, std::move(rest));
        } else if (--lengths_count_[text.size()] == 0) {
            std::erase(lengths_, text.size());
        }
    }

    bool empty() const { return table_.empty(); }

    // The longest text that the subject begins with.
    const PatternEntry* longest(std::string_view subject) const {
        const PatternEntry* best = nullptr;
        walk(subject, [](std::size_t) { return true; }, [&](const PatternEntry* found) { best = found; });
        return best;
    }
    // The first of the list that the subject begins with and that `accept` (called with the length) allows.
    template <class Accept>
    const PatternEntry* first(std::string_view subject, Accept accept) const {
        const PatternEntry* best = nullptr;
        walk(subject, accept, [&](const PatternEntry* found) { best = earlier(best, found); });
        return best;
    }
    // The text that is the subject.
    const PatternEntry* exact(std::string_view subject) const {
        const auto found = table_.find(subject);
        return found == table_.end() ? nullptr : found->second.first();
    }

 private:
    static char at(std::string_view text, std::size_t i) {
        return FromEnd ? text[text.size() - 1 - i] : text[i];
    }
    struct Probe {  // a text whose hash is known
        std::uint64_t hash;
        std::string_view text;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            std::uint64_t hash = kTextSeed;
            for (std::size_t i = 0; i < text.size(); ++i) hash = hash_step<Fold>(hash, at(text, i));
            return hash;
        }
        std::size_t operator()(const Probe& probe) const { return probe.hash; }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const { return same_text(a, b, Fold); }
        bool operator()(const Probe& a, std::string_view b) const { return same_text(a.text, b, Fold); }
        bool operator()(std::string_view a, const Probe& b) const { return same_text(a, b.text, Fold); }
    };

    // Calls `found` with what matches, the shortest first.
    template <class Accept, class Found>
    void walk(std::string_view subject, Accept accept, Found found) const {
        std::uint64_t hash = kTextSeed;
        std::size_t hashed = 0;
        for (const std::size_t length : lengths_) {
            if (length > subject.size()) break;
            for (; hashed < length; ++hashed) hash = hash_step<Fold>(hash, at(subject, hashed));
            if (!accept(length)) continue;
            const auto part = FromEnd ? subject.substr(subject.size() - length) : subject.substr(0, length);
            if (const auto place = table_.find(Probe{hash, part}); place != table_.end())
                found(place->second.first());
        }
    }

    boost::unordered_flat_map<std::string_view, Bucket, Hash, Equal> table_;
    std::vector<std::size_t> lengths_;        // that occur, ascending
    std::vector<std::size_t> lengths_count_;  // keys of each length
};

}  // namespace proxyd::rules
