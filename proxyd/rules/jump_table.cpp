#include "proxyd/rules/jump_table.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/compiled_acl.h"

namespace proxyd::rules {
namespace {

// Tests with the same key ask the same of the same sample: its text, whether a beginning is meant, the case,
// and the run of rules in which the sample keeps its value.
using Key = std::tuple<std::string_view, bool, bool, std::size_t>;

bool asks_prefix(const AclTest& test) {
    return test.method == find_match_method("beg");
}

bool ignores_case(const AclTest& test) {
    return test.indexes.front()->flags.ignore_case;
}

// `run`: of rules in a row on one sample; of no matter for samples that no rule in between can change.
Key key_of(const AclTest& test, std::size_t run) {
    const Expression& sample = test.expression;
    constexpr std::array kLasting{Source::request, Source::request_bytes, Source::request_kept,
                                  Source::message, Source::tls};
    const bool lasting =
        !sample.has_converters() && std::ranges::find(kLasting, sample.fetch().source) != kLasting.end();
    return {sample.text(), asks_prefix(test), ignores_case(test), lasting ? 0 : run};
}

// Only texts of acl lines.
bool fits(const AclTest& test) {
    const bool texts = test.method == find_match_method("str") || asks_prefix(test);
    return texts && test.indexes.size() == 1 && !test.lists.empty() && test.lists.front()->file().empty();
}

// The tests of a condition that is nothing but alternatives that fit; else none.
std::span<const AclTest> questions_of(const Condition& condition) {
    const CompiledAcl* const acl = condition.single();
    if (acl == nullptr || !std::ranges::all_of(acl->tests(), fits)) return {};
    return acl->tests();
}

struct Asker {
    std::span<const AclTest> tests;  // none: to be tried by itself
    std::size_t run = 0;
};

std::vector<Asker> askers_of(std::span<const Condition* const> conditions) {
    std::vector<Asker> out;
    for (const Condition* condition : conditions) {
        Asker asker{questions_of(*condition), out.size() + 1};
        const bool goes_on = !out.empty() && !out.back().tests.empty() && !asker.tests.empty() &&
                             key_of(out.back().tests.front(), 0) == key_of(asker.tests.front(), 0);
        if (goes_on) asker.run = out.back().run;
        out.push_back(asker);
    }
    return out;
}

std::string folded(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

}  // namespace

void JumpTable::build(std::span<const Condition* const> conditions) {
    conditions_.assign(conditions.begin(), conditions.end());
    questions_.clear();
    others_.clear();
    changes_ = nullptr;
    const std::vector<Asker> askers = askers_of(conditions);
    std::map<Key, std::size_t> times;  // that each question is asked
    for (const Asker& asker : askers)
        for (const AclTest& test : asker.tests) ++times[key_of(test, asker.run)];
    std::map<Key, std::size_t> places;  // in questions_
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const auto& [tests, run] = askers[i];
        const auto shared = [&, run = run](const AclTest& test) { return times[key_of(test, run)] > 1; };
        if (tests.empty() || !std::ranges::all_of(tests, shared)) {
            others_.push_back(i);
            continue;
        }
        for (const AclTest& test : tests) {
            const auto [place, is_new] = places.try_emplace(key_of(test, run), questions_.size());
            if (is_new) questions_.push_back({&test, asks_prefix(test), ignores_case(test), i});
            add(questions_[place->second], test, i);
        }
    }
    changes_at_build_ = changes_ != nullptr ? changes_->load() : 0;
}

void JumpTable::add(Question& question, const AclTest& test, std::size_t condition) {
    if (std::exchange(question.last, condition) != condition) ++question.askers;
    PatternList& list = *test.lists.front();
    changes_ = &list.changes();
    list.visit(0, [&](const PatternEntry& entry) {
        question.texts.try_emplace(question.ignore_case ? folded(entry.pattern) : entry.pattern, condition);
        if (!question.prefix) return;
        const std::size_t length = entry.pattern.size();
        const auto place = std::ranges::lower_bound(question.lengths, length);
        if (place == question.lengths.end() || *place != length) question.lengths.insert(place, length);
    });
}

bool JumpTable::stale() const {
    return changes_ != nullptr && changes_->load(std::memory_order_relaxed) != changes_at_build_;
}

std::size_t JumpTable::find(const Context& context) const {
    if (stale()) {
        const auto holds = [&](const Condition* condition) { return condition->evaluate(context); };
        return static_cast<std::size_t>(std::ranges::find_if(conditions_, holds) - conditions_.begin());
    }
    std::size_t best = conditions_.size();  // so far
    auto other = others_.begin();
    const auto one_before = [&](std::size_t end) {
        for (; other != others_.end() && *other < end; ++other)
            if (conditions_[*other]->evaluate(context)) return true;
        return false;
    };
    for (const Question& question : questions_) {
        if (question.first >= best) break;
        if (one_before(question.first)) return *other;
        best = std::min(best, earliest(question, context));
    }
    return one_before(best) ? *other : best;
}

// Of several values (header occurrences) the one that an earlier condition asks for decides.
std::size_t JumpTable::earliest(const Question& question, const Context& context) const {
    thread_local std::string folding;  // keeps its room
    std::size_t first = conditions_.size();
    Cursor cursor;
    cursor.iterate = true;
    do {
        Sample sample;
        if (!question.test->expression.evaluate(context, cursor, sample)) continue;
        TextBuffer buffer;
        std::string_view text = to_text(sample, buffer);
        if (question.ignore_case) {
            folding.assign(text);
            std::ranges::transform(folding, folding.begin(), lower);
            text = folding;
        }
        first = std::min(first, look_up(question, text));
    } while (cursor.more);
    return first;
}

// The first condition that asks for the text; SIZE_MAX: none.
std::size_t JumpTable::look_up(const Question& question, std::string_view text) {
    const auto of = [&](std::string_view part) {
        const auto found = question.texts.find(part);
        return found == question.texts.end() ? SIZE_MAX : found->second;
    };
    if (!question.prefix) return of(text);
    std::size_t first = SIZE_MAX;
    for (const std::size_t length : question.lengths) {
        if (length > text.size()) break;
        first = std::min(first, of(text.substr(0, length)));
    }
    return first;
}

std::size_t JumpTable::longest_run() const {
    std::size_t longest = 0;
    for (const Question& question : questions_) longest = std::max(longest, question.askers);
    return longest;
}

}  // namespace proxyd::rules
