#include "proxyd/balance/rdp_cookie.h"

#include "proxyd/balance/hash.h"
#include "proxyd/rules/expression.h"

namespace proxyd::balance {

namespace {

class RdpCookie final : public HashAlgorithm {
 public:
    explicit RdpCookie(rules::Expression cookie) : cookie_(std::move(cookie)) {}

 private:
    std::optional<std::uint32_t> hash(const rules::Context& context) const override {
        rules::Sample value;
        if (!cookie_.evaluate(context, value) || value.text.empty()) return std::nullopt;
        return hash_of(value.text);
    }

    rules::Expression cookie_;
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_rdp_cookie(std::string_view parameter,
                                                           std::span<const std::string> words) {
    if (!words.empty())
        return common::fail("balance rdp-cookie takes no further argument, found '" + words[0] + "'",
                            common::Side::config);
    const std::string name(parameter.empty() ? std::string_view("mstshash") : parameter);
    auto cookie = rules::Expression::parse("req.rdp_cookie(" + name + ")", nullptr, rules::kAtConnect);
    if (!cookie) return std::unexpected(cookie.error());
    return std::make_unique<RdpCookie>(std::move(*cookie));
}

}  // namespace proxyd::balance
