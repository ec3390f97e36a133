// A set of closed ranges, merged and sorted: one binary search per look-up.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace proxyd::rules {

template <class Key>
class RangeSet {
 public:
    void add(Key low, Key high) { ranges_.emplace_back(std::move(low), std::move(high)); }

    void finish() {
        std::ranges::sort(ranges_);
        std::vector<std::pair<Key, Key>> merged;
        for (auto& range : ranges_) {
            if (!merged.empty() && !(merged.back().second < range.first))
                merged.back().second = std::max(merged.back().second, range.second);
            else
                merged.push_back(std::move(range));
        }
        ranges_ = std::move(merged);
    }

    bool contains(const Key& key) const {
        const auto after = std::ranges::upper_bound(ranges_, key, {}, &std::pair<Key, Key>::first);
        return after != ranges_.begin() && !(std::prev(after)->second < key);
    }
    bool empty() const { return ranges_.empty(); }

 private:
    std::vector<std::pair<Key, Key>> ranges_;
};

}  // namespace proxyd::rules
