// Which certificate a server name gets (SNI, RFC 6066 section 3). Pure.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace proxyd::net {

// Names of certificates: exact ones and wildcards "*.example.org", which stand for one label. The first
// certificate that claims a name keeps it. Names compare without case.
class CertificateNames {
 public:
    // "!name": not this one, though a wildcard would match.
    void add(std::string_view name, int certificate);
    int find(std::string_view server_name) const;  // -1: nobody's

 private:
    std::unordered_map<std::string, int> exact_;
    std::unordered_map<std::string, int> wildcard_;  // without the '*': ".example.org"
};

}  // namespace proxyd::net
