// The entries of a list that an index finds by one key, in the order of the list: doubles are allowed, the
// first one answers. Internal to the pattern indexes.
#pragma once

#include <boost/container/small_vector.hpp>

#include <algorithm>

#include "proxyd/rules/patterns/pattern.h"

namespace proxyd::rules {

class Bucket {
 public:
    // `text`: the part of the entry that is the key, where the key is a text.
    explicit Bucket(const PatternEntry& entry, std::string_view text = {}) : members_{{&entry, text}} {}

    const PatternEntry* first() const { return members_.front().entry; }
    std::string_view first_text() const { return members_.front().text; }
    void add(const PatternEntry& entry, std::string_view text = {}) {
        const auto place = std::ranges::find_if(
            members_, [&](const Member& each) { return each.entry->number > entry.number; });
        members_.insert(place, {&entry, text});
    }
    // True: empty now.
    bool remove(const PatternEntry& entry) {
        const auto found = std::ranges::find(members_, &entry, &Member::entry);
        if (found != members_.end()) members_.erase(found);
        return members_.empty();
    }

 private:
    struct Member {
        const PatternEntry* entry;
        std::string_view text;
    };
    boost::container::small_vector<Member, 1> members_;
};

// Of two entries that match the one that stands first in the list; either may be null.
inline const PatternEntry* earlier(const PatternEntry* a, const PatternEntry* b) {
    if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
    return a->number < b->number ? a : b;
}

}  // namespace proxyd::rules
