#include "proxyd/rules/acl.h"

#include <algorithm>
#include <map>

#include "common/keyword_table.h"
#include "common/read_mostly.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/compiled_acl.h"

namespace proxyd::rules {

bool AclTest::evaluate(const Context& context) const {
    Cursor cursor;
    cursor.iterate = true;
    do {
        Sample sample;
        if (!expression.evaluate(context, cursor, sample)) continue;
        if (method->input == SampleType::string && !sample.is_text()) {
            // No copy for a number or an address that is compared as text.
            TextBuffer buffer;
            sample.set_text(to_text(sample, buffer));
            if (matches(sample)) return true;
            continue;
        }
        if (!cast(sample, method->input, context.arena)) continue;
        if (method->make != nullptr ? matches(sample)
                                    : method->input != SampleType::boolean || sample.number != 0)
            return true;
    } while (cursor.more);
    return false;
}

bool AclTest::matches(const Sample& sample) const {
    const common::ReadMostly::Reading reading;
    return std::ranges::any_of(
        indexes, [&](const PatternIndex* index) { return index->live->match(sample) != nullptr; });
}

bool CompiledAcl::evaluate(const Context& context) const {
    return std::ranges::any_of(tests_, [&](const AclTest& test) { return test.evaluate(context); });
}

struct AclSet::Impl {
    std::map<std::string, std::shared_ptr<CompiledAcl>, std::less<>> acls;
};

AclSet::AclSet() : AclSet(std::make_shared<Catalogue>()) {}
AclSet::AclSet(CataloguePtr catalogue) : catalogue_(std::move(catalogue)), impl_(std::make_unique<Impl>()) {}
AclSet::~AclSet() = default;
AclSet::AclSet(AclSet&&) noexcept = default;
AclSet& AclSet::operator=(AclSet&&) noexcept = default;

namespace {

bool valid_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
    });
}

}  // namespace

bool AclSet::add(std::span<const std::string> words, common::Location where, common::Diagnostics& out) {
    if (words.empty() || !valid_name(words[0])) {
        out.error(where, words.empty()
                             ? std::string("'acl' needs a name and a criterion")
                             : "'" + words[0] +
                                   "' is no acl name: letters, digits, '-', '_', '.' and ':' are allowed");
        return false;
    }
    if (words[0] == "or") {
        out.error(where, "'or' cannot name an acl: it joins conditions");
        return false;
    }
    AclTest test;
    if (!parse_acl_test(words[0], words.subspan(1), *catalogue_, where, out, test)) return false;
    auto& acl = impl_->acls[words[0]];
    if (acl == nullptr) acl = std::make_shared<CompiledAcl>();
    acl->add(std::move(test));
    return true;
}

std::shared_ptr<const CompiledAcl> AclSet::find(std::string_view name) const {
    const auto own = impl_->acls.find(name);
    return own != impl_->acls.end() ? own->second : predefined_acl(name);
}

std::vector<std::string_view> AclSet::names() const {
    std::vector<std::string_view> out;
    for (const auto& [name, acl] : impl_->acls) out.push_back(name);
    return out;
}

}  // namespace proxyd::rules
