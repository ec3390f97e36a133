#include "proxyd/net/certificate_names.h"

#include "common/text.h"

namespace proxyd::net {

void CertificateNames::add(std::string_view name, int certificate) {
    constexpr int kNobody = -1;
    if (name.starts_with('!')) {
        name.remove_prefix(1);
        certificate = kNobody;
    }
    const std::string lower = common::to_lower(name);
    if (lower.empty()) return;
    const bool any_label = lower.starts_with("*.");
    auto& names = any_label ? wildcard_ : exact_;
    const auto [entry, fresh] = names.emplace(any_label ? lower.substr(1) : lower, certificate);
    if (!fresh && entry->second == kNobody) entry->second = certificate;
}

int CertificateNames::find(std::string_view server_name) const {
    std::string lower = common::to_lower(server_name);
    if (lower.ends_with('.')) lower.pop_back();
    if (const auto found = exact_.find(lower); found != exact_.end()) return found->second;
    const std::size_t dot = lower.find('.');
    if (dot == std::string::npos || dot == 0) return -1;
    const auto found = wildcard_.find(lower.substr(dot));
    return found == wildcard_.end() ? -1 : found->second;
}

}  // namespace proxyd::net
