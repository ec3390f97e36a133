// hdr(NAME) [use_domain_only]: the value of a request header decides.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_header(std::string_view parameter,
                                                       std::span<const std::string> words);

// The part of a host name before its top-level domain: "1wt" of "haproxy.1wt.eu:80".
std::string_view main_domain(std::string_view host);

}  // namespace proxyd::balance
