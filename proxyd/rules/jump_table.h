// Many conditions that ask one sample for different texts, as in
//   use_backend a if { hdr(host) -i a.example }
//   use_backend b if { path_beg /b/ }
//   use_backend c if { hdr(host) -i c.example }
// are answered together: each sample is taken once and looked up in one hash table of all texts, so that a
// thousand rules cost what one costs, also where rules on several samples alternate. The order of the rules
// decides as if each was tried in turn.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
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
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    // To the first condition that asks.
    using Texts = boost::unordered_flat_map<std::string, std::size_t, Hash, std::equal_to<>>;

    // What several conditions ask of one sample.
    struct Question {
        const AclTest* test = nullptr;  // one of theirs
        bool prefix = false;            // the sample begins with a text, else: is one
        bool ignore_case = false;
        std::size_t first = 0, last = SIZE_MAX;  // of the conditions
        std::size_t askers = 0;                  // conditions
        Texts texts{};
        std::vector<std::size_t> lengths{};  // of texts, ascending; prefix only
    };

    void add(Question& question, const AclTest& test, std::size_t condition);
    std::size_t earliest(const Question& question, const Context& context) const;
    static std::size_t look_up(const Question& question, std::string_view text);
    bool stale() const;

    std::vector<const Condition*> conditions_;
    std::vector<Question> questions_;                      // by their first condition
    std::vector<std::size_t> others_;                      // conditions that no question answers, in order
    const std::atomic<std::uint64_t>* changes_ = nullptr;  // of lists in acl lines
    std::uint64_t changes_at_build_ = 0;
};

}  // namespace proxyd::rules
