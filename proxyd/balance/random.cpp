#include "proxyd/balance/random.h"

#include <algorithm>
#include <random>

#include "common/text.h"
#include "proxyd/balance/arguments.h"

namespace proxyd::balance {

namespace {

constexpr int kDefaultDraws = 2;
constexpr int kMaxDraws = 1000;

class Random final : public Algorithm {
 public:
    explicit Random(int draws) : draws_(draws) {}

    void set_roster(std::span<const Member> members) override {
        members_.assign(members.begin(), members.end());
        ends_.clear();
        int total = 0;
        for (const Member& member : members_) ends_.push_back(total += member.weight);
    }

    std::size_t choose(const Query& query) override {
        const Member* best = nullptr;
        for (int i = 0; i < draws_ && !members_.empty(); ++i) {
            const Member& drawn = draw();
            if (drawn.load->full() || drawn.index == query.avoid) continue;
            if (best == nullptr || less_loaded(drawn, *best)) best = &drawn;
        }
        return best != nullptr ? best->index : any_free(query.avoid);
    }

 private:
    const Member& draw() {
        std::uniform_int_distribution<int> ticket(0, ends_.back() - 1);
        const auto end = std::ranges::upper_bound(ends_, ticket(generator_));
        return members_[static_cast<std::size_t>(end - ends_.begin())];
    }

    static bool less_loaded(const Member& a, const Member& b) {
        return std::int64_t{a.load->total()} * b.weight < std::int64_t{b.load->total()} * a.weight;
    }

    // All draws hit servers that cannot take it: the least loaded of those that can.
    std::size_t any_free(std::size_t avoid) const {
        const Member* best = nullptr;
        std::size_t avoided = kNone;
        for (const Member& member : members_) {
            if (member.load->full()) continue;
            if (member.index == avoid)
                avoided = avoid;
            else if (best == nullptr || less_loaded(member, *best))
                best = &member;
        }
        return best != nullptr ? best->index : avoided;
    }

    int draws_;
    std::vector<Member> members_;
    std::vector<int> ends_;  // running sum of the weights
    std::minstd_rand generator_{std::random_device{}()};
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_random(std::string_view parameter,
                                                       std::span<const std::string> words) {
    if (auto plain = no_arguments("random", {}, words); !plain) return std::unexpected(plain.error());
    if (parameter.empty()) return std::make_unique<Random>(kDefaultDraws);
    const auto draws = common::parse_number(parameter, 1, kMaxDraws);
    if (!draws)
        return common::fail("balance random: the number of draws " + draws.error().text,
                            common::Side::config);
    return std::make_unique<Random>(static_cast<int>(*draws));
}

}  // namespace proxyd::balance
