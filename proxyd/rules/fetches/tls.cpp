// Fetches of TLS on the client's side (configuration manual 7.3.4).
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

template <std::string net::TlsInfo::* Member>
bool fetch_info(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.tls_info == nullptr || (context.tls_info->*Member).empty()) return false;
    return out.set_text(context.tls_info->*Member), true;
}
bool fetch_ssl_fc(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.tls), true;
}
bool fetch_has_sni(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.tls_info != nullptr && !context.tls_info->sni.empty()), true;
}
bool fetch_resumed(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.tls_info != nullptr && context.tls_info->resumed), true;
}
bool fetch_error(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(static_cast<std::int64_t>(context.tls_error)), context.tls;
}
constexpr std::array kRows{
    FetchRow{"ssl_fc", SampleType::boolean, Source::tls, {}, fetch_ssl_fc, "the client speaks TLS"},
    FetchRow{"ssl_fc_sni",
             SampleType::string,
             Source::tls,
             {},
             fetch_info<&net::TlsInfo::sni>,
             "the name asked for"},
    FetchRow{"ssl_fc_protocol",
             SampleType::string,
             Source::tls,
             {},
             fetch_info<&net::TlsInfo::version>,
             "TLSv1.3"},
    FetchRow{"ssl_fc_cipher",
             SampleType::string,
             Source::tls,
             {},
             fetch_info<&net::TlsInfo::cipher>,
             "the cipher"},
    FetchRow{"ssl_fc_alpn",
             SampleType::string,
             Source::tls,
             {},
             fetch_info<&net::TlsInfo::alpn>,
             "the ALPN protocol"},
    FetchRow{"ssl_fc_has_sni", SampleType::boolean, Source::tls, {}, fetch_has_sni, "a name was asked for"},
    FetchRow{"ssl_fc_is_resumed",
             SampleType::boolean,
             Source::tls,
             {},
             fetch_resumed,
             "an earlier session went on"},
    FetchRow{"ssl_fc_err",
             SampleType::integer,
             Source::tls,
             {},
             fetch_error,
             "OpenSSL's error number, 0 for none"},
};

}  // namespace

std::span<const FetchRow> tls_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
