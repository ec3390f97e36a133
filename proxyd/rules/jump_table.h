// Many conditions in a row that ask one sample for different texts, as in
//   use_backend a if { hdr(host) -i a.example }
//   use_backend b if { hdr(host) -i b.example }
// are answered together: the sample is taken once and looked up in one hash table of all texts, so that a
// thousand rules cost what one costs. The order of the rules decides as if each was tried in turn.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxyd/rules/acl.h"

namespace proxyd::rules {

struct AclTest;

class JumpTable {
 public:
    // Conditions in order; they and their acls outlive this and do not change any more (acl lines that follow
    // a rule belong to it, so build when all lines are read). Lists of an acl line that are changed at run
    // time turn the table off.
    void build(std::span<const Condition* const> conditions);

    // The first condition that holds, or their number.
    std::size_t find(const Context& context) const;

    std::size_t size() const { return conditions_.size(); }
    // How many conditions one look-up answers at most; for tests.
    std::size_t longest_run() const;

 private:
    using Texts = boost::unordered_flat_map<std::string, std::size_t>;  // to the first condition that asks

    struct Run {
        std::size_t begin = 0, end = 0;
        const AclTest* test = nullptr;  // whose sample all ask; null: a single condition, tried
        bool ignore_case = false;
        Texts texts;
    };

    std::size_t find_in(const Run& run, const Context& context) const;
    bool stale() const;

    std::vector<const Condition*> conditions_;
    std::vector<Run> runs_;
    const std::atomic<std::uint64_t>* changes_ = nullptr;  // of lists in acl lines
    std::uint64_t changes_at_build_ = 0;
};

}  // namespace proxyd::rules
