// http-request normalize-uri (configuration manual 4.2).
#include "proxyd/rules/normalize.h"

#include <array>

#include "common/keyword_table.h"
#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

class Normalize final : public Action {
 public:
    Normalize(const Normalizer& how, bool option) : how_(how), option_(option) {}

    bool run(Context& context, Verdict& verdict) const override {
        if (context.request == nullptr || context.arena == nullptr) return true;
        thread_local std::string out;
        const std::string_view target = context.request->target;
        const std::string_view before =
            target.substr(0, target.size() - context.request->path_and_query().size());
        if (!how_.apply(context.request->path_and_query(), option_, out)) {
            verdict.kind = Verdict::Kind::deny;
            verdict.status = 400;
            return false;
        }
        if (out != context.request->path_and_query())
            context.request->set_target(context.arena->concat({before, out}));
        return true;
    }

 private:
    const Normalizer& how_;
    bool option_;
};

ActionPtr parse_normalize(ActionWords& words) {
    const auto name = words.take("a normalizer");
    if (!name) return nullptr;
    const Normalizer* row = common::find_row(normalizers(), *name);
    if (row == nullptr)
        return words.refuse("'normalize-uri': unknown normalizer '" + std::string(*name) + "'" +
                            common::did_you_mean(*name, common::row_names(normalizers())));
    const bool option = !row->option.empty() && words.take_if(row->option);
    return std::make_shared<Normalize>(*row, option);
}

constexpr std::array kRows{
    ActionRow{"normalize-uri", kInRequest, parse_normalize, "bring the target into a normal form"},
};

}  // namespace

std::span<const ActionRow> normalize_actions() {
    return kRows;
}

}  // namespace proxyd::rules
