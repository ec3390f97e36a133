#include "proxyd/net/tls_providers.h"

#include <openssl/evp.h>
#include <openssl/provider.h>

#include <map>

#include "proxyd/net/tls_files.h"

namespace proxyd::net {

common::Result<> load_tls_provider(const std::string& name) {
    // Until the process ends, past the destruction of statics: OpenSSL's own cleanup comes last.
    static auto& loaded = *new std::map<std::string, OSSL_PROVIDER*>;
    if (loaded.contains(name)) return {};
    if (OSSL_PROVIDER* const provider = OSSL_PROVIDER_load(nullptr, name.c_str()); provider != nullptr) {
        loaded.emplace(name, provider);
        return {};
    }
    return refuse_tls("ssl-provider '" + name + "'", openssl_reason());
}

void set_tls_provider_folder(const std::string& folder) {
    OSSL_PROVIDER_set_default_search_path(nullptr, folder.c_str());
}

common::Result<> set_tls_properties(const std::string& query) {
    if (EVP_set_default_properties(nullptr, query.c_str()) == 1) return {};
    return refuse_tls("ssl-propquery '" + query + "'", openssl_reason());
}

}  // namespace proxyd::net
