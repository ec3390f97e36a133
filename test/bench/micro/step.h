// The parts of a request's way alone, as repeatable steps: timed by micro.cpp (Google Benchmark), counted in
// instructions by count.cpp (callgrind). A step is a row in steps() and a function; sizes are what the row
// says (fields, rules, servers).
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace bench {

// Runs the step once. Owns all that the step works on; warm after a few runs.
using Work = std::function<void()>;

struct Step {
    std::string_view name;
    std::string_view size_of;  // what a size counts; empty: the step has no size
    std::vector<int> sizes;
    Work (*make)(int size);
};

std::span<const Step> steps();

// Keeps the compiler from dropping a result that nobody reads.
template <class T>
inline void keep(const T& value) {
    asm volatile("" : : "r,m"(value) : "memory");
}

// One file each.
Work pattern_exact(int entries);
Work pattern_prefix(int entries);
Work pattern_suffix(int entries);
Work pattern_domain(int entries);
Work pattern_substring(int entries);
Work pattern_network(int entries);
Work pattern_number(int entries);
Work parse_request(int fields);
Work parse_response(int fields);
Work serialize_request(int fields);
Work serialize_response(int fields);
Work conditions(int acls);
Work rewrites(int rules);
Work log_line(int);
Work choose_by_host(int rules);
Work choose_by_mixed_rules(int rules);
Work roundrobin(int servers);
Work static_rr(int servers);
Work leastconn(int servers);
Work random(int servers);
Work source(int servers);
Work uri(int servers);
Work header(int servers);

}  // namespace bench
