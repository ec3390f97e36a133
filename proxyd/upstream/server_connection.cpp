#include "proxyd/upstream/server_connection.h"

#include <string_view>

#include "proxyd/balance/algorithm.h"
#include "proxyd/rules/expression.h"
#include "proxyd/upstream/backend.h"

namespace proxyd::upstream {

namespace {

common::Result<> complain(const ServerSettings& server, const std::string& what) {
    return common::fail("server '" + server.name + "': " + what, common::Side::config);
}

}  // namespace

common::Result<std::shared_ptr<const net::TlsContext>> client_tls(const ServerSettings& server) {
    return net::TlsContext::client(server.tls_client);
}

common::Result<std::shared_ptr<const net::TlsContext>> check_tls(const ServerSettings& server) {
    net::TlsClientSettings settings = server.tls_client;
    if (!server.check.alpn.empty()) settings.alpn = server.check.alpn;
    return net::TlsContext::client(settings);
}

struct ServerName::Compiled {
    rules::Expression expression;
};

common::Result<ServerName> ServerName::compile(const std::string& text) {
    ServerName name;
    if (text.empty()) return name;
    // A constant need not be evaluated, and lets connections be shared.
    if (text.starts_with("str(") && text.find(')') == text.size() - 1) {
        name.literal_ = text.substr(4, text.size() - 5);
        return name;
    }
    auto expression = rules::Expression::parse(text, nullptr, rules::kAtConnect);
    if (!expression) return std::unexpected(expression.error());
    name.expression_ = std::make_shared<const Compiled>(std::move(*expression));
    return name;
}

std::string ServerName::evaluate(const rules::Context* context) const {
    if (expression_ == nullptr) return literal_;
    rules::Sample sample;
    if (context == nullptr || !expression_->expression.evaluate(*context, sample)) return {};
    rules::TextBuffer buffer;
    const std::string_view text = rules::to_text(sample, buffer);
    return std::string(text.substr(0, text.find(':')));  // of a Host with a port
}

common::Result<> validate(const BackendSettings& settings) {
    if (auto selected = balance::select(settings.balance, settings.balance_arguments); !selected)
        return std::unexpected(selected.error());
    for (const ServerSettings& server : settings.servers) {
        if (auto name = ServerName::compile(server.sni); !name) return complain(server, name.error().text);
        if (!server.tls && !server.check.tls) continue;
        if (auto tls = client_tls(server); !tls) return complain(server, tls.error().text);
    }
    return {};
}

}  // namespace proxyd::upstream
