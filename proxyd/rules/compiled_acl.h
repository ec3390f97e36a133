// The compiled form of one ACL: the tests of all its lines. Internal to the rules room.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/patterns/list.h"

namespace proxyd::rules {

// One acl line: a sample, how it is matched, with what.
struct AclTest {
    Expression expression;
    const MatchMethod* method = nullptr;
    std::vector<PatternList*> lists;           // of the catalogue: files, then what the line says
    std::vector<const PatternIndex*> indexes;  // of the lists, for the method

    bool evaluate(const Context& context) const;

 private:
    bool matches(const Sample& sample) const;
};

class CompiledAcl {
 public:
    bool evaluate(const Context& context) const;
    const std::vector<AclTest>& tests() const { return tests_; }
    void add(AclTest test) { tests_.push_back(std::move(test)); }

 private:
    std::vector<AclTest> tests_;  // alternatives
};

// words: CRITERION [flags] PATTERN... `name` is for messages, empty for an anonymous ACL.
bool parse_acl_test(std::string_view name, std::span<const std::string> words, Catalogue& catalogue,
                    common::Location where, common::Diagnostics& out, AclTest& result);

// TRUE, METH_GET, ... (configuration manual 7.4), compiled at the first use; null when there is none of that
// name.
std::shared_ptr<const CompiledAcl> predefined_acl(std::string_view name);
std::vector<std::string_view> predefined_acl_names();

}  // namespace proxyd::rules
