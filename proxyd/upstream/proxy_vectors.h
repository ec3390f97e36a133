// The vectors (TLVs) behind the addresses of a PROXY protocol header, version 2: what a server is told of the
// client's TLS, of the name it asked for, of its request (doc "The PROXY protocol" section 2.2; configuration
// manual 5.2, proxy-v2-options).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxyd/rules/context.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

enum ProxyOption : unsigned {
    kProxyTls = 1,
    kProxyCommonName = 2,
    kProxyCipher = 4,
    kProxySignature = 8,
    kProxyKey = 16,
    kProxyAuthority = 32,
    kProxyChecksum = 64,
    kProxyUniqueId = 128,
};

// "ssl", "cert-cn", ...; nothing for another name.
std::optional<unsigned> proxy_option(std::string_view name);

// The whole header of version 2, with further vectors (set-proxy-v2-tlv-fmt): each one that has a value.
std::string proxy_header_of(const rules::Context& context, unsigned options,
                            std::span<const ProxyVectorFormat> more = {});

}  // namespace proxyd::upstream
