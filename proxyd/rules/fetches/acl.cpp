// acl(): named ACLs in a sample (configuration manual of HAProxy 2.9, 7.3.2).
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "proxyd/rules/acl.h"
#include "proxyd/rules/compiled_acl.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

struct NamedAcls final : Prepared {
    struct Term {
        std::shared_ptr<const CompiledAcl> acl;
        bool negated;
    };
    std::vector<Term> terms;
};

common::Result<> prepare(Arguments& arguments, Catalogue& catalogue) {
    auto named = std::make_shared<NamedAcls>();
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        std::string_view name = arguments.text(i);
        const bool negated = name.starts_with('!');
        if (negated) name.remove_prefix(1);
        auto acl = catalogue.acls != nullptr ? catalogue.acls->find(name) : predefined_acl(name);
        if (acl == nullptr)
            return common::fail(
                "there is no acl '" + std::string(name) + "' before this line in this section",
                common::Side::config);
        named->terms.push_back({std::move(acl), negated});
    }
    arguments.set(0, std::shared_ptr<const Prepared>(std::move(named)));
    return {};
}

bool fetch(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const bool holds = std::ranges::all_of(
        arguments.prepared<NamedAcls>(0).terms,
        [&](const NamedAcls::Term& term) { return term.acl->evaluate(context) != term.negated; });
    return out.set_bool(holds), true;
}

constexpr ArgumentSpec names_up_to_12() {
    ArgumentSpec spec{1, {}};
    spec.kinds.fill(ArgumentKind::text);
    return spec;
}

constexpr std::array kRows{
    FetchRow{"acl", SampleType::boolean, Source::constant, names_up_to_12(), fetch,
             "all these named acls hold; '!' before a name turns it round", nullptr, prepare},
};

}  // namespace

std::span<const FetchRow> acl_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
