#include "proxyd/net/certificate_names.h"

#include "common/text.h"

namespace proxyd::net {

void CertificateNames::add(std::string_view name, int certificate) {
    const std::string lower = common::to_lower(name);
    if (lower.starts_with("*.")) {
        wildcard_.emplace(lower.substr(1), certificate);
    } else if (!lower.empty()) {
        exact_.emplace(lower, certificate);
    }
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
