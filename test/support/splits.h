// Feeds bytes to incremental parsers in every way that a network may cut them: whole, byte by byte, and split
// in two at every byte. One helper for all parsers.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace test_support {

// One way to cut: how many bytes have arrived before each call of the parser. The last is always all.
using Arrivals = std::vector<std::size_t>;

inline std::vector<Arrivals> all_splits(std::size_t size) {
    std::vector<Arrivals> splits{{size}};
    Arrivals each;
    for (std::size_t n = 1; n <= size; ++n) each.push_back(n);
    if (!each.empty()) splits.push_back(each);
    for (std::size_t n = 1; n < size; ++n) splits.push_back({n, size});
    return splits;
}

// Calls `check(arrivals)` for every way.
template <class Check>
void for_all_splits(std::string_view bytes, Check check) {
    for (const Arrivals& arrivals : all_splits(bytes.size())) check(arrivals);
}

}  // namespace test_support
