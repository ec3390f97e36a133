// What a server line says about its connections, made ready for use: TLS, the name to ask for.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/endpoint.h"
#include "common/error.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/rules/context.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

common::Result<std::shared_ptr<const net::TlsContext>> client_tls(const ServerSettings& server);
// The same for its health checks.
common::Result<std::shared_ptr<const net::TlsContext>> check_tls(const ServerSettings& server);

// `sni EXPRESSION`: the name that TLS asks the server for.
class ServerName {
 public:
    static common::Result<ServerName> compile(const std::string& text);  // empty text: no name
    std::string evaluate(const rules::Context* context) const;
    // Whether the name is not the same for all requests: connections then differ too.
    bool varies() const { return expression_ != nullptr; }

 private:
    std::string literal_;
    struct Compiled;
    std::shared_ptr<const Compiled> expression_;
};

}  // namespace proxyd::upstream
