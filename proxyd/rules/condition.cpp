// Conditions: `if` or `unless`, and ACLs joined by an implied and, by or / ||, with ! and { } (manual 7.2).
#include <algorithm>

#include "common/keyword_table.h"
#include "proxyd/rules/acl.h"
#include "proxyd/rules/compiled_acl.h"

namespace proxyd::rules {

struct Condition::Terms {
    struct Term {
        std::shared_ptr<const CompiledAcl> acl;
        bool negated = false;
        bool never = false;  // matches nothing at this place
        bool matches(const Context& context) const { return !never && acl->evaluate(context); }
    };
    std::vector<std::vector<Term>> alternatives;  // any of them; in each all
    bool unless = false;
};

bool Condition::evaluate(const Context& context) const {
    if (terms_ == nullptr) return true;
    const bool met = std::ranges::any_of(terms_->alternatives, [&](const auto& terms) {
        return std::ranges::all_of(terms,
                                   [&](const auto& term) { return term.matches(context) != term.negated; });
    });
    return met != terms_->unless;
}

// As HAProxy does: the first term of an alternative that does not hold decides it, and the best alternative
// the condition.
Condition::Outcome Condition::test(const Context& context) const {
    if (terms_ == nullptr) return Outcome::holds;
    const auto of_term = [&](const Terms::Term& term) {
        context.undecided = false;
        const bool held = term.matches(context);
        if (!held && context.undecided) return Outcome::undecided;
        return held != term.negated ? Outcome::holds : Outcome::fails;
    };
    Outcome best = Outcome::fails;
    for (const auto& terms : terms_->alternatives) {
        Outcome outcome = Outcome::holds;
        for (const auto& term : terms)
            if (outcome = of_term(term); outcome != Outcome::holds) break;
        best = std::max(best, outcome);
        if (best == Outcome::holds) break;
    }
    if (!terms_->unless || best == Outcome::undecided) return best;
    return best == Outcome::holds ? Outcome::fails : Outcome::holds;
}

const CompiledAcl* Condition::single() const {
    if (terms_ == nullptr || terms_->unless || terms_->alternatives.size() != 1) return nullptr;
    const auto& terms = terms_->alternatives.front();
    return terms.size() == 1 && !terms.front().negated && !terms.front().never ? terms.front().acl.get()
                                                                               : nullptr;
}

namespace {

// What stands between "{" and "}", compiled; `at` moves to the closing brace.
std::shared_ptr<const CompiledAcl> anonymous(std::span<const std::string> words, std::size_t& at,
                                             Catalogue& catalogue, common::Location where,
                                             common::Diagnostics& out) {
    std::size_t end = at + 1;
    while (end < words.size() && words[end] != "}") ++end;
    if (end == words.size()) {
        out.error(where,
                  "'{' has no '}': an anonymous acl ends with a brace that stands alone between blanks");
        return nullptr;
    }
    AclTest test;
    if (!parse_acl_test({}, words.subspan(at + 1, end - at - 1), catalogue, where, out, test)) return nullptr;
    at = end;
    auto acl = std::make_shared<CompiledAcl>();
    acl->add(std::move(test));
    return acl;
}

std::shared_ptr<const CompiledAcl> named(const AclSet& acls, std::string_view name, common::Location where,
                                         common::Diagnostics& out) {
    auto acl = acls.find(name);
    if (acl != nullptr) return acl;
    auto known = acls.names();
    for (std::string_view predefined : predefined_acl_names()) known.push_back(predefined);
    out.error(where, "no acl is named '" + std::string(name) + "' here (it must be declared above)" +
                         common::did_you_mean(name, known));
    return nullptr;
}

// Whether the acl cannot match at these places; warns of that, and of lines of it that cannot.
bool never_matches(const CompiledAcl& acl, std::string_view name, Places places, common::Location where,
                   common::Diagnostics& out) {
    std::string_view misplaced;
    bool some = false;
    for (const AclTest& test : acl.tests()) {
        const FetchRow& fetch = test.expression.fetch();
        if ((places_of(fetch.source) & places) != 0)
            some = true;
        else if (misplaced.empty())
            misplaced = fetch.name;
    }
    if (misplaced.empty()) return false;
    const std::string what = name.empty() ? "anonymous acl" : "acl '" + std::string(name) + "'";
    const std::string which =
        "'" + std::string(misplaced) + "' which is incompatible with '" + std::string(describe(places)) + "'";
    out.warning(where, some ? what + " involves keyword " + which
                            : what + " will never match because it uses keyword " + which);
    return !some;
}

bool is_or(const std::string& word) {
    return word == "||" || word == "or" || word == "OR";
}

}  // namespace

bool compile_condition(std::span<const std::string> words, const AclSet& acls, common::Location where,
                       common::Diagnostics& out, Condition& result, Places places) {
    result.terms_ = nullptr;
    if (words.empty()) return true;
    const auto refuse = [&](std::string message) {
        out.error(where, std::move(message));
        return false;
    };
    if (words[0] != "if" && words[0] != "unless")
        return refuse("'" + words[0] + "' is not expected here: a condition starts with 'if' or 'unless'");
    auto terms = std::make_shared<Condition::Terms>();
    terms->unless = words[0] == "unless";
    terms->alternatives.emplace_back();
    bool negated = false;
    for (std::size_t at = 1; at < words.size(); ++at) {
        if (is_or(words[at])) {
            if (terms->alternatives.back().empty() || negated)
                return refuse("'" + words[at] + "' has no condition before it");
            terms->alternatives.emplace_back();
            continue;
        }
        std::string_view word = words[at];
        while (word.starts_with('!')) {
            negated = !negated;
            word.remove_prefix(1);
        }
        if (word.empty()) continue;  // "! name"
        auto acl =
            word == "{" ? anonymous(words, at, *acls.catalogue(), where, out) : named(acls, word, where, out);
        if (acl == nullptr) return false;
        const bool never = never_matches(*acl, word == "{" ? std::string_view() : word, places, where, out);
        terms->alternatives.back().push_back({std::move(acl), negated, never});
        negated = false;
    }
    if (negated) return refuse("'!' has no condition after it");
    if (terms->alternatives.back().empty())
        return refuse(terms->alternatives.size() > 1 ? std::string("'or' has no condition after it")
                                                     : "no condition follows '" + words[0] + "'");
    result.terms_ = std::move(terms);
    return true;
}

}  // namespace proxyd::rules
