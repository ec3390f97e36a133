// global: TLS defaults for bind and server lines (configuration manual 3.1, 3.2).
#include "proxyd/config/arguments.h"
#include "proxyd/config/bind_line.h"
#include "proxyd/config/files.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

template <std::string TlsDefaults::* member>
void set_text(Reading& in, const Statement& line) {
    in.tls.*member = line.argument(0);
}

// The words are those of a bind line, read into one and taken over.
void set_bind_options(Reading& in, const Statement& line) {
    net::BindSettings scratch;
    scratch.tls.tickets = in.tls.bind_tickets;
    read_words<net::BindSettings>(in, line, line.arguments(), bind_tls_words(), scratch);
    in.tls.bind_min_version = scratch.tls.min_version;
    in.tls.bind_max_version = scratch.tls.max_version;
    in.tls.bind_tickets = scratch.tls.tickets;
    in.tls.bind_strict_sni = scratch.tls.strict_sni;
}

void set_server_verify(Reading& in, const Statement& line) {
    if (line.argument(0) != "none" && line.argument(0) != "required")
        return in.error(line, "'ssl-server-verify' expects none or required, not '" + line.argument(0) + "'");
    in.tls.verify_servers = line.argument(0) == "required";
}

constexpr std::string_view kLibrary = "the library's choice is used";
constexpr Keyword kKeywords[] = {
    works("ca-base", kGlobal, 1, 1, set_text<&TlsDefaults::ca_base>, "<folder>",
          "where relative ca-file names begin"),
    works("crt-base", kGlobal, 1, 1, set_text<&TlsDefaults::crt_base>, "<folder>",
          "where relative crt names begin"),
    works("ssl-default-bind-ciphers", kGlobal, 1, 1, set_text<&TlsDefaults::bind_ciphers>, "<list>",
          "ciphers up to TLS 1.2 of bind lines"),
    works("ssl-default-bind-ciphersuites", kGlobal, 1, 1, set_text<&TlsDefaults::bind_ciphersuites>, "<list>",
          "TLS 1.3 ciphers of bind lines"),
    works("ssl-default-bind-curves", kGlobal, 1, 1, set_text<&TlsDefaults::bind_curves>, "<list>",
          "key exchange of bind lines"),
    works("ssl-default-bind-options", kGlobal, 1, -1, set_bind_options, "<words>",
          "TLS words of all bind lines"),
    works("ssl-server-verify", kGlobal, 1, 1, set_server_verify, "none|required",
          "whether server certificates are checked"),
    inert("ssl-default-bind-client-sigalgs", kGlobal, kLibrary),
    inert("ssl-default-bind-sigalgs", kGlobal, kLibrary),
    inert("ssl-default-server-ciphers", kGlobal, kLibrary),
    inert("ssl-default-server-ciphersuites", kGlobal, kLibrary),
    inert("ssl-default-server-client-sigalgs", kGlobal, kLibrary),
    inert("ssl-default-server-curves", kGlobal, kLibrary),
    inert("ssl-default-server-options", kGlobal, kLibrary),
    inert("ssl-default-server-sigalgs", kGlobal, kLibrary),
    inert("acme.scheduler", kGlobal, "ACME is not supported yet"),
    inert("issuers-chain-path", kGlobal, kNotYet),
    inert("jwt.decrypt_alg_list", kGlobal, kNotYet),
    inert("maxsslconn", kGlobal, "TLS connections count in maxconn"),
    inert("maxsslrate", kGlobal, kNotYet),
    inert("ocsp-update.disable", kGlobal, "OCSP is not supported yet"),
    inert("ocsp-update.httpproxy", kGlobal, "OCSP is not supported yet"),
    inert("ocsp-update.maxdelay", kGlobal, "OCSP is not supported yet"),
    inert("ocsp-update.mindelay", kGlobal, "OCSP is not supported yet"),
    inert("ocsp-update.mode", kGlobal, "OCSP is not supported yet"),
    inert("ssl-dh-param-file", kGlobal, "the library chooses the Diffie-Hellman group by the key"),
    inert("ssl-engine", kGlobal, kNotYet),
    inert("ssl-load-extra-del-ext", kGlobal, kNotYet),
    inert("ssl-load-extra-files", kGlobal, "a key in FILE.key is always read"),
    inert("ssl-mode-async", kGlobal, kNotYet),
    inert("ssl-passphrase-cmd", kGlobal, kNotYet),
    inert("ssl-propquery", kGlobal, kNotYet),
    inert("ssl-provider", kGlobal, kNotYet),
    inert("ssl-provider-path", kGlobal, kNotYet),
    inert("ssl-security-level", kGlobal, kNotYet),
    inert("ssl-skip-self-issued-ca", kGlobal, kNotYet),
    inert("ssl-f-use", kGlobal | kFrontend | kListen, kNotYet),
};

constexpr std::string_view kNoClient = "this program makes no requests of its own";
constexpr Keyword kClientKeywords[] = {
    inert("httpclient.resolvers.disabled", kGlobal, kNoClient),
    inert("httpclient.resolvers.id", kGlobal, kNoClient),
    inert("httpclient.resolvers.prefer", kGlobal, kNoClient),
    inert("httpclient.retries", kGlobal, kNoClient),
    inert("httpclient.ssl.ca-file", kGlobal, kNoClient),
    inert("httpclient.ssl.verify", kGlobal, kNoClient),
    inert("httpclient.timeout.connect", kGlobal, kNoClient),
};

}  // namespace

std::span<const Keyword> tls_keywords() {
    return kKeywords;
}
std::span<const Keyword> httpclient_keywords() {
    return kClientKeywords;
}

}  // namespace proxyd::config
