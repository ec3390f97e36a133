// http-request auth [realm REALM]: asks for user and password (configuration manual 4.2).
#include <array>

#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

class Challenge final : public Action {
 public:
    explicit Challenge(std::string realm) : realm_(std::move(realm)) {}

    bool run(Context& context, Verdict& verdict) const override {
        verdict.kind = Verdict::Kind::challenge;
        // Without a realm it is the section that asks.
        verdict.realm = realm_.empty() ? context.backend_name : std::string_view(realm_);
        return false;
    }

 private:
    std::string realm_;
};

ActionPtr parse_auth(ActionWords& words) {
    std::string realm;
    if (words.take_if("realm")) {
        const auto word = words.take("a text after 'realm'");
        if (!word) return nullptr;
        realm = *word;
    }
    return std::make_shared<Challenge>(std::move(realm));
}

constexpr std::array kRows{
    last(ActionRow{"auth", kInRequest, parse_auth, "ask for user and password"}),
};

}  // namespace

std::span<const ActionRow> auth_actions() {
    return kRows;
}

}  // namespace proxyd::rules
