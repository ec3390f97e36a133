#include "proxyd/balance/leastconn.h"

#include "proxyd/balance/arguments.h"

namespace proxyd::balance {

namespace {

// A binary heap over the servers, and where each stands in it: a change of load moves one server in O(log n).
class LeastConnections final : public Algorithm {
 public:
    void set_roster(std::span<const Member> members) override {
        entries_.clear();
        heap_.clear();
        place_.clear();
        for (const Member& member : members) {
            if (member.index >= place_.size()) place_.resize(member.index + 1, kNone);
            place_[member.index] = entries_.size();
            entries_.push_back({.member = member, .load = member.load->total(), .since = ++clock_});
            heap_.push_back(entries_.size() - 1);
            entries_.back().position = heap_.size() - 1;
            sift_up(heap_.size() - 1);
        }
    }

    std::size_t choose(const Query& query) override {
        if (heap_.empty()) return kNone;
        const Member& front = entries_[heap_.front()].member;
        if (front.index != query.avoid && takes(front)) return front.index;
        return choose_among_rest(query);
    }

    void load_changed(std::size_t index) override {
        if (index >= place_.size() || place_[index] == kNone) return;
        Entry& entry = entries_[place_[index]];
        const int load = entry.member.load->total();
        if (load == entry.load) return;
        entry.load = load;
        entry.since = ++clock_;  // behind its equals
        sift_up(entry.position);
        sift_down(entry.position);
    }

 private:
    struct Entry {
        Member member;
        int load = 0;
        std::uint64_t since = 0;   // when the load became this
        std::size_t position = 0;  // in the heap
    };

    // A server whose maxqueue is given takes requests into its queue up to there, so that few slots are kept
    // busy.
    static bool takes(const Member& member) {
        return !member.load->full() || (member.load->queue_limit > 0 && !member.load->queue_full());
    }

    bool before(std::size_t a, std::size_t b) const {
        const Entry& left = entries_[a];
        const Entry& right = entries_[b];
        const std::int64_t left_share = std::int64_t{left.load} * right.member.weight;
        const std::int64_t right_share = std::int64_t{right.load} * left.member.weight;
        return left_share != right_share ? left_share < right_share : left.since < right.since;
    }

    std::size_t choose_among_rest(const Query& query) const {
        std::size_t best = kNone;
        bool avoidable = false;
        for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
            if (!takes(entries_[slot].member)) continue;
            if (entries_[slot].member.index == query.avoid) {
                avoidable = true;
                continue;
            }
            if (best == kNone || before(slot, best)) best = slot;
        }
        if (best != kNone) return entries_[best].member.index;
        return avoidable ? query.avoid : kNone;
    }

    void set(std::size_t position, std::size_t slot) {
        heap_[position] = slot;
        entries_[slot].position = position;
    }

    void sift_up(std::size_t position) {
        const std::size_t slot = heap_[position];
        while (position > 0 && before(slot, heap_[(position - 1) / 2])) {
            set(position, heap_[(position - 1) / 2]);
            position = (position - 1) / 2;
        }
        set(position, slot);
    }

    void sift_down(std::size_t position) {
        const std::size_t slot = heap_[position];
        for (;;) {
            std::size_t child = 2 * position + 1;
            if (child >= heap_.size()) break;
            if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
            if (!before(heap_[child], slot)) break;
            set(position, heap_[child]);
            position = child;
        }
        set(position, slot);
    }

    std::vector<Entry> entries_;
    std::vector<std::size_t> heap_;   // slots of entries_
    std::vector<std::size_t> place_;  // slot by server index
    std::uint64_t clock_ = 0;
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_leastconn(std::string_view parameter,
                                                          std::span<const std::string> words) {
    if (auto plain = no_arguments("leastconn", parameter, words); !plain)
        return std::unexpected(plain.error());
    return std::make_unique<LeastConnections>();
}

}  // namespace proxyd::balance
