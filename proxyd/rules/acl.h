// ACLs and conditions, compiled once (configuration manual chapter 7.1, 7.2, 7.3). Owner: the rules room.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"
#include "proxyd/rules/catalogue.h"
#include "proxyd/rules/context.h"

namespace proxyd::rules {

class CompiledAcl;

// The acl lines of one section. Several lines of one name are alternatives.
class AclSet {
 public:
    AclSet();  // with a catalogue of its own
    explicit AclSet(CataloguePtr catalogue);
    ~AclSet();
    AclSet(AclSet&&) noexcept;
    AclSet& operator=(AclSet&&) noexcept;
    // words: after `acl`: NAME CRITERION [flags] PATTERN...; false (and a diagnostic) when refused.
    bool add(std::span<const std::string> words, common::Location where, common::Diagnostics& out);
    // A declared or predefined ACL; null when there is none.
    std::shared_ptr<const CompiledAcl> find(std::string_view name) const;
    std::vector<std::string_view> names() const;
    // What the configuration's rules share; never null.
    const CataloguePtr& catalogue() const { return catalogue_; }

 private:
    struct Impl;
    CataloguePtr catalogue_;
    std::unique_ptr<Impl> impl_;
};

// A compiled `if ...` / `unless ...`. Default-constructed: always true. Copies share the compiled form.
class Condition {
 public:
    bool evaluate(const Context& context) const;
    // While more input may come (Context::input_final is false): not even known yet, perhaps.
    enum class Outcome : unsigned char { fails, undecided, holds };
    Outcome test(const Context& context) const;
    bool unconditional() const { return terms_ == nullptr; }
    // The acl when the condition is `if` that one and nothing else; null otherwise.
    const CompiledAcl* single() const;

 private:
    friend bool compile_condition(std::span<const std::string>, const AclSet&, common::Location,
                                  common::Diagnostics&, Condition&, Places);
    struct Terms;
    std::shared_ptr<const Terms> terms_;
};

// words: "if"/"unless" and the terms: names, !negation, anonymous { }, or / ||. Empty words: always true.
// `places`: where it is evaluated. An acl whose samples are not there never matches, with a warning.
bool compile_condition(std::span<const std::string> words, const AclSet& acls, common::Location where,
                       common::Diagnostics& out, Condition& result, Places places = kAnywhere);

}  // namespace proxyd::rules
