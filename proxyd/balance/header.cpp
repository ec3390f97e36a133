#include "proxyd/balance/header.h"

#include "proxyd/balance/hash.h"

namespace proxyd::balance {

namespace {

class Header final : public HashAlgorithm {
 public:
    Header(std::string name, bool domain_only) : name_(std::move(name)), domain_only_(domain_only) {}

 private:
    std::optional<std::uint32_t> hash(const rules::Context& context) const override {
        if (context.request == nullptr) return std::nullopt;
        const http::Field* field = context.request->fields.find(name_);
        if (field == nullptr || field->value.empty()) return std::nullopt;
        return hash_of(domain_only_ ? main_domain(field->value) : field->value);
    }

    std::string name_;
    bool domain_only_;
};

}  // namespace

std::string_view main_domain(std::string_view host) {
    host = host.substr(0, host.find(':'));
    const std::size_t last_dot = host.rfind('.');
    if (last_dot == std::string_view::npos) return host;
    host = host.substr(0, last_dot);
    const std::size_t before = host.rfind('.');
    return before == std::string_view::npos ? host : host.substr(before + 1);
}

common::Result<std::unique_ptr<Algorithm>> make_header(std::string_view parameter,
                                                       std::span<const std::string> words) {
    if (parameter.empty())
        return common::fail("balance hdr needs a header name: 'hdr(NAME)'", common::Side::config);
    if (words.size() > 1 || (words.size() == 1 && words[0] != "use_domain_only"))
        return common::fail("balance hdr takes only 'use_domain_only', not '" + words.back() + "'",
                            common::Side::config);
    return std::make_unique<Header>(std::string(parameter), !words.empty());
}

}  // namespace proxyd::balance
