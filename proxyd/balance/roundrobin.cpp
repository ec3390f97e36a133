#include "proxyd/balance/roundrobin.h"

#include <algorithm>
#include <ranges>

#include "proxyd/balance/arguments.h"

namespace proxyd::balance {

namespace {

// Time is counted in turns. A server of weight w out of a total W is due every W/w turns; the fraction is
// carried in `remainder`, so that no turn is ever lost. A turn goes to the server that is due (the one due
// longest, then the heavier); when none is due, to a server that has not had a turn yet (the heaviest);
// failing that, to the next one due. So equal weights give the order of the configuration, and a server that
// joins slips into the first gap.
class RoundRobin final : public Algorithm {
    struct Entry {
        Member member;
        bool started = false;
        std::int64_t due = 0;        // the turn from which it is due
        std::int64_t remainder = 0;  // in 1/weight of a turn
    };

    // Orders slots for the heap functions, whose front is the greatest: the one due last comes first.
    struct Later {
        const std::vector<Entry>& entries;
        bool operator()(std::size_t a, std::size_t b) const {
            const Entry& left = entries[a];
            const Entry& right = entries[b];
            if (left.due != right.due) return left.due > right.due;
            const std::int64_t left_rank = left.remainder - left.member.weight;
            const std::int64_t right_rank = right.remainder - right.member.weight;
            return left_rank != right_rank ? left_rank > right_rank : a > b;
        }
    };

 public:
    void set_roster(std::span<const Member> members) override {
        const std::vector<Entry> old = std::move(entries_);
        const std::int64_t old_total = total_;
        entries_.clear();
        due_.clear();
        fresh_.clear();
        total_ = 0;
        for (const Member& member : members) total_ += member.weight;
        for (const Member& member : members) {
            Entry entry{.member = member};
            const auto known =
                std::ranges::find(old, member.index, [](const Entry& e) { return e.member.index; });
            if (known != old.end() && known->started) {
                entry.started = true;
                // The wait that is left, as long as the new weights make it.
                const std::int64_t wait = std::max<std::int64_t>(known->due - turn_, 0);
                entry.due = turn_ + wait * total_ * known->member.weight / (old_total * member.weight);
            }
            (entry.started ? due_ : fresh_).push_back(entries_.size());
            entries_.push_back(entry);
        }
        std::ranges::make_heap(due_, Later{entries_});
        // Taken from the back.
        std::ranges::stable_sort(fresh_, std::greater<>(),
                                 [this](std::size_t i) { return entries_[i].member.weight; });
        std::ranges::reverse(fresh_);
    }

    std::size_t choose(const Query& query) override {
        // A full server loses its turn: it is not owed anything once it is free again. Whoever has been
        // passed over waits outside the heap, so that each is looked at once.
        std::size_t chosen = kNone;
        std::size_t avoided = kNone;
        passed_.clear();
        while (passed_.size() < entries_.size()) {
            const std::size_t slot = take();
            advance(entries_[slot]);
            passed_.push_back(slot);
            const Member& member = entries_[slot].member;
            if (member.load->full()) continue;
            if (member.index != query.avoid) {
                chosen = member.index;
                break;
            }
            avoided = member.index;
        }
        for (const std::size_t slot : passed_) {
            due_.push_back(slot);
            std::ranges::push_heap(due_, Later{entries_});
        }
        return chosen != kNone ? chosen : avoided;
    }

 private:
    std::size_t take() {
        if (due_.empty() || (!fresh_.empty() && entries_[due_.front()].due > turn_)) {
            const std::size_t slot = fresh_.back();
            fresh_.pop_back();
            entries_[slot].started = true;
            entries_[slot].due = turn_;
            return slot;
        }
        std::ranges::pop_heap(due_, Later{entries_});
        const std::size_t slot = due_.back();
        due_.pop_back();
        return slot;
    }

    void advance(Entry& entry) {
        ++turn_;
        entry.due += total_ / entry.member.weight;
        entry.remainder += total_ % entry.member.weight;
        if (entry.remainder >= entry.member.weight) {
            entry.remainder -= entry.member.weight;
            ++entry.due;
        }
    }

    std::vector<Entry> entries_;
    std::vector<std::size_t> due_;    // heap of slots: the one due first in front
    std::vector<std::size_t> fresh_;  // slots that have had no turn yet
    std::vector<std::size_t> passed_;
    std::int64_t turn_ = 0;
    std::int64_t total_ = 0;  // of the weights
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_roundrobin(std::string_view parameter,
                                                           std::span<const std::string> words) {
    if (auto plain = no_arguments("roundrobin", parameter, words); !plain)
        return std::unexpected(plain.error());
    return std::make_unique<RoundRobin>();
}

}  // namespace proxyd::balance
