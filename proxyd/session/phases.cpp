#include "proxyd/session/phases.h"

#include <array>

namespace proxyd::session {

namespace {

enum class Whose : unsigned char { frontend, backend, backend_then_frontend };

struct PhaseRow {
    Phase phase;
    rules::RuleSet ProxySettings::* set;
    Whose whose;
};

constexpr std::array kPhases{
    PhaseRow{Phase::frontend_request, &ProxySettings::http_request, Whose::frontend},
    PhaseRow{Phase::backend_request, &ProxySettings::http_request, Whose::backend},
    PhaseRow{Phase::response, &ProxySettings::http_response, Whose::backend_then_frontend},
    PhaseRow{Phase::after_response, &ProxySettings::http_after_response, Whose::backend_then_frontend},
};

rules::Verdict run(const rules::RuleSet& set, rules::Context& context, std::size_t from = 0) {
    return set.empty() ? rules::Verdict{} : set.run(context, from);
}

bool ends_exchange(const rules::Verdict& verdict) {
    return verdict.kind != rules::Verdict::Kind::pass && verdict.kind != rules::Verdict::Kind::allow;
}

int named_backend(const UseBackend& rule, const rules::Context& context) {
    if (!rule.backends) return -1;
    thread_local std::string name;  // keeps its room from request to request
    name.clear();
    rule.name_format.render(context, name);
    const auto it = rule.backends->find(name);
    return it == rule.backends->end() ? -1 : it->second;
}

}  // namespace

rules::Verdict run_phase(Phase phase, const ProxySettings& frontend, const ProxySettings* backend,
                         rules::Context& context, std::size_t from) {
    const PhaseRow& row = kPhases[static_cast<std::size_t>(phase)];
    const ProxySettings* other = backend == &frontend ? nullptr : backend;
    if (row.whose == Whose::frontend) return run(frontend.*row.set, context, from);
    std::size_t before = 0;  // rules of the other section: `from` counts through both
    if (other) {
        before = (other->*row.set).size();
        const rules::Verdict verdict = run(other->*row.set, context, from);
        if (row.whose == Whose::backend || ends_exchange(verdict)) return verdict;
    }
    if (row.whose == Whose::backend) return {};
    rules::Verdict verdict = run(frontend.*row.set, context, from > before ? from - before : 0);
    verdict.next += before;
    return verdict;
}

int choose_backend(const ProxySettings& frontend, const rules::Context& context) {
    const std::size_t place = frontend.routes.find(context);
    if (place < frontend.routes.size()) {
        const UseBackend& rule = frontend.use_backends[place];
        const int index = rule.backend >= 0 ? rule.backend : named_backend(rule, context);
        if (index >= 0) return index;
        // A computed name that no backend has: the default one, not the next rule.
    }
    if (frontend.default_backend >= 0) return frontend.default_backend;
    return frontend.is_backend ? frontend.index : -1;  // a listen section serves itself
}

}  // namespace proxyd::session
