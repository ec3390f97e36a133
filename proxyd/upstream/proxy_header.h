// The PROXY protocol header that tells a server who its client is (doc "The PROXY protocol", versions 1 and
// 2). Pure.
#pragma once

#include <string>

#include "common/endpoint.h"

namespace proxyd::upstream {

// Longest "PROXY TCP6 ..." line with CRLF: 107 bytes. Other address families are UNKNOWN (1) or LOCAL (2).
std::string proxy_header_v1(const common::Endpoint& source, const common::Endpoint& destination);
std::string proxy_header_v2(const common::Endpoint& source, const common::Endpoint& destination);

}  // namespace proxyd::upstream
