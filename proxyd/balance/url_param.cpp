#include "proxyd/balance/url_param.h"

#include "proxyd/balance/arguments.h"
#include "proxyd/balance/hash.h"

namespace proxyd::balance {

namespace {

class UrlParameter final : public HashAlgorithm {
 public:
    explicit UrlParameter(std::string name) : name_(std::move(name)) {}

 private:
    std::optional<std::uint32_t> hash(const rules::Context& context) const override {
        if (context.request == nullptr) return std::nullopt;
        const auto value = query_value(context.request->query(), name_);
        if (!value || value->empty()) return std::nullopt;
        return hash_of(*value);
    }

    std::string name_;
};

}  // namespace

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
        if (end == std::string_view::npos) break;
        query.remove_prefix(end + 1);
    }
    return std::nullopt;
}

common::Result<std::unique_ptr<Algorithm>> make_url_param(std::string_view parameter,
                                                          std::span<const std::string> words) {
    if (auto plain = no_arguments("url_param", parameter, {}); !plain) return std::unexpected(plain.error());
    if (words.empty())
        return common::fail("balance url_param needs the name of a parameter", common::Side::config);
    // Written since the days when the request's body was searched as well; it is not, as in all but POST
    // requests.
    if (words.size() > 1 && words[1] != "check_post")
        return common::fail(
            "balance url_param takes only 'check_post' after the name, not '" + words[1] + "'",
            common::Side::config);
    return std::make_unique<UrlParameter>(words[0]);
}

}  // namespace proxyd::balance
