#include "proxyd/rules/jump_table.h"

#include <algorithm>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/compiled_acl.h"

namespace proxyd::rules {
namespace {

bool is_exact(const AclTest& test) {
    return test.method == find_match_method("str") && test.indexes.size() == 1 && !test.lists.empty() &&
           test.lists.front()->file().empty();
}

// What one condition asks, when it fits a table: only exact texts of acl lines, all of one sample, one way.
const AclTest* question(const Condition& condition) {
    const CompiledAcl* const acl = condition.single();
    if (acl == nullptr || acl->tests().empty()) return nullptr;
    const AclTest& first = acl->tests().front();
    const auto alike = [&](const AclTest& test) {
        return is_exact(test) && test.expression.text() == first.expression.text() &&
               test.indexes.front()->flags.ignore_case == first.indexes.front()->flags.ignore_case;
    };
    return std::ranges::all_of(acl->tests(), alike) ? &first : nullptr;
}

bool same_question(const AclTest* a, const AclTest* b) {
    return a != nullptr && b != nullptr && a->expression.text() == b->expression.text() &&
           a->indexes.front()->flags.ignore_case == b->indexes.front()->flags.ignore_case;
}

std::string folded(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

}  // namespace

void JumpTable::build(std::span<const Condition* const> conditions) {
    conditions_.assign(conditions.begin(), conditions.end());
    runs_.clear();
    changes_ = nullptr;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const AclTest* const asked = question(*conditions[i]);
        if (runs_.empty() || !same_question(runs_.back().test, asked)) {
            runs_.push_back({i, i, asked, asked != nullptr && asked->indexes.front()->flags.ignore_case, {}});
        }
        Run& run = runs_.back();
        run.end = i + 1;
        if (asked == nullptr) continue;
        for (const AclTest& test : conditions[i]->single()->tests()) {
            PatternList& list = *test.lists.front();
            changes_ = &list.changes();
            list.visit(0, [&](const PatternEntry& entry) {
                run.texts.try_emplace(run.ignore_case ? folded(entry.pattern) : entry.pattern, i);
            });
        }
    }
    changes_at_build_ = changes_ != nullptr ? changes_->load() : 0;
}

bool JumpTable::stale() const {
    return changes_ != nullptr && changes_->load(std::memory_order_relaxed) != changes_at_build_;
}

std::size_t JumpTable::find(const Context& context) const {
    const bool one_by_one = stale();
    for (const Run& run : runs_) {
        if (run.test != nullptr && run.end - run.begin > 1 && !one_by_one) {
            if (const std::size_t found = find_in(run, context); found < run.end) return found;
            continue;
        }
        for (std::size_t i = run.begin; i < run.end; ++i)
            if (conditions_[i]->evaluate(context)) return i;
    }
    return conditions_.size();
}

// Of several values (header occurrences) the one that an earlier condition asks for decides.
std::size_t JumpTable::find_in(const Run& run, const Context& context) const {
    thread_local std::string key;  // keeps its room
    std::size_t first = run.end;
    Cursor cursor;
    cursor.iterate = true;
    do {
        Sample sample;
        if (!run.test->expression.evaluate(context, cursor, sample)) continue;
        TextBuffer buffer;
        key = to_text(sample, buffer);
        if (run.ignore_case) std::ranges::transform(key, key.begin(), lower);
        if (const auto found = run.texts.find(key); found != run.texts.end())
            first = std::min(first, found->second);
    } while (cursor.more);
    return first;
}

std::size_t JumpTable::longest_run() const {
    std::size_t longest = 0;
    for (const Run& run : runs_) longest = std::max(longest, run.end - run.begin);
    return longest;
}

}  // namespace proxyd::rules
