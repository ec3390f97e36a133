// A backend's servers as an algorithm sees them, for tests.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

struct Farm {
    explicit Farm(const std::vector<int>& weights) {
        for (std::size_t i = 0; i < weights.size(); ++i) {
            loads.emplace_back();
            members.push_back({i, weights[i], weights[i], &loads.back()});
        }
    }

    // The servers of a run of requests as letters, '-' where none took it.
    static std::string run(Algorithm& algorithm, int requests, const Query& query = {}) {
        std::string letters;
        for (int i = 0; i < requests; ++i) letters += letter(algorithm.choose(query));
        return letters;
    }
    static char letter(std::size_t index) { return index == kNone ? '-' : static_cast<char>('a' + index); }

    std::deque<Load> loads;
    std::vector<Member> members;
};

}  // namespace proxyd::balance
