// Secrets of clients' TLS sessions, for those who decrypt captures (configuration manual 7.3.4), where
// tune.ssl.keylog has them kept: in hexadecimal digits, as key log files have them.
#include <algorithm>
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

// Names of key log files, in the order of the rows.
constexpr std::array<std::string_view, 7> kLabels{
    "CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",     "SERVER_TRAFFIC_SECRET_0",         "EXPORTER_SECRET",
    "EARLY_EXPORTER_SECRET"};

template <std::size_t label>
bool fetch_secret(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.tls_info == nullptr || !context.tls_info->secrets) return false;
    const auto& secrets = *context.tls_info->secrets;
    const auto found = std::ranges::find(secrets, kLabels[label], &net::TlsSecret::label);
    return found != secrets.end() && (out.set_text(found->digits), true);
}

template <std::size_t label>
constexpr FetchRow secret(std::string_view name, std::string_view help) {
    return {name, SampleType::string, Source::tls, ArgumentSpec{}, fetch_secret<label>, help};
}

constexpr std::array kRows{
    secret<0>("ssl_fc_client_early_traffic_secret", "secret of the client's early data"),
    secret<1>("ssl_fc_client_handshake_traffic_secret", "secret of the client's handshake"),
    secret<2>("ssl_fc_server_handshake_traffic_secret", "secret of our handshake"),
    secret<3>("ssl_fc_client_traffic_secret_0", "secret of what the client sends"),
    secret<4>("ssl_fc_server_traffic_secret_0", "secret of what we send"),
    secret<5>("ssl_fc_exporter_secret", "secret of values made of the session"),
    secret<6>("ssl_fc_early_exporter_secret", "the same, of early data"),
};

}  // namespace

std::span<const FetchRow> secret_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
