// OpenSSL's providers: where its algorithms come from (configuration manual 3.1, ssl-provider). They hold for
// the whole process, from the moment they are named on.
#pragma once

#include <string>

#include "common/error.h"

namespace proxyd::net {

// Beside the one that OpenSSL takes by itself as long as none is named: name "default", too, to keep it.
common::Result<> load_tls_provider(const std::string& name);
void set_tls_provider_folder(const std::string& folder);
// "provider!=legacy": what algorithms must be like.
common::Result<> set_tls_properties(const std::string& query);

}  // namespace proxyd::net
