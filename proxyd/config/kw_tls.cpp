// global: TLS defaults for bind and server lines (configuration manual 3.1, 3.2).
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/keyword_table.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/bind_line.h"
#include "proxyd/config/files.h"
#include "proxyd/config/server_line.h"
#include "proxyd/config/tables.h"
#include "proxyd/net/tls_providers.h"

namespace proxyd::config {
namespace {

template <std::string TlsDefaults::* member>
void set_text(Reading& in, const Statement& line) {
    in.tls.*member = line.argument(0);
}

// `side` is TlsDefaults::bind or ::server.
template <auto side, std::string net::TlsAlgorithms::* list>
void set_list(Reading& in, const Statement& line) {
    (in.tls.*side).algorithms.*list = line.argument(0);
}

void set_dh_file(Reading& in, const Statement& line) {
    in.tls.bind.dh_file = line.argument(0);
    if (::access(line.argument(0).c_str(), R_OK) != 0)
        in.error(line, "cannot open '" + line.argument(0) + "': " + std::strerror(errno));
}

void set_dh_size(Reading& in, const Statement& line) {
    if (!read_number(in, line, 0, 1024, 16384, in.tls.bind.dh_bits)) return;
    if (in.tls.bind.dh_bits < 2048)
        in.warning(line, "groups of less than 2048 bits are weak: one of 2048 bits is used");
}

void set_security_level(Reading& in, const Statement& line) {
    int level = 0;
    if (!read_number(in, line, 0, 0, 5, level)) return;
    in.tls.bind.algorithms.security_level = in.tls.server.algorithms.security_level = level;
}

struct ExtraFile {
    std::string_view name;
    bool key, ocsp;
    std::string_view no_effect;
};
constexpr ExtraFile kExtraFiles[] = {
    {"none", false, false, ""},
    {"all", true, true, ""},
    {"key", true, false, ""},
    {"ocsp", false, true, ""},
    {"issuer", false, false, "an OCSP response is handed on as it is"},
    {"sctl", false, false, "certificates carry their timestamps inside"},
    {"bundle", false, false, "name the certificates of each key type one by one"},
};

void set_extra_files(Reading& in, const Statement& line) {
    bool key = false, ocsp = false;
    for (const std::string& name : line.arguments()) {
        const ExtraFile* row = common::find_row(std::span<const ExtraFile>(kExtraFiles), name);
        if (row == nullptr)
            return in.error(line, "'ssl-load-extra-files': unknown kind of file '" + name + "'" +
                                      common::did_you_mean(
                                          name, common::row_names(std::span<const ExtraFile>(kExtraFiles))));
        if (!row->no_effect.empty()) in.no_effect(line, "'" + name + "' of this line", row->no_effect);
        key = key || row->key;
        ocsp = ocsp || row->ocsp;
    }
    in.tls.bind.extras.key = in.tls.server.extras.key = key;
    in.tls.bind.extras.ocsp = ocsp;
}

void set_issuers(Reading& in, const Statement& line) {
    std::error_code error;
    if (!std::filesystem::is_directory(line.argument(0), error))
        return in.error(line, "'issuers-chain-path': there is no folder '" + line.argument(0) + "'");
    in.tls.bind.extras.issuers = in.tls.server.extras.issuers = line.argument(0);
}

void cut_extension(Reading& in, const Statement&) {
    in.tls.bind.extras.without_crt = in.tls.server.extras.without_crt = true;
}

void skip_roots(Reading& in, const Statement&) {
    in.tls.bind.extras.skip_self_issued = true;
}

void set_properties(Reading& in, const Statement& line) {
    if (const auto set = net::set_tls_properties(line.argument(0)); !set) in.error(line, set.error().text);
}

void load_provider(Reading& in, const Statement& line) {
    if (const auto loaded = net::load_tls_provider(line.argument(0)); !loaded)
        in.error(line, loaded.error().text);
}

void set_provider_folder(Reading&, const Statement& line) {
    net::set_tls_provider_folder(line.argument(0));
}

void set_server_verify(Reading& in, const Statement& line) {
    if (line.argument(0) != "none" && line.argument(0) != "required")
        return in.error(line, "'ssl-server-verify' expects none or required, not '" + line.argument(0) + "'");
    in.tls.server.verify = line.argument(0) == "required";
}

constexpr auto kBind = &TlsDefaults::bind;
constexpr auto kServer = &TlsDefaults::server;
using Algorithms = net::TlsAlgorithms;

constexpr Keyword kKeywords[] = {
    works("ca-base", kGlobal, 1, 1, set_text<&TlsDefaults::ca_base>, "<folder>",
          "where relative ca-file names begin"),
    works("crt-base", kGlobal, 1, 1, set_text<&TlsDefaults::crt_base>, "<folder>",
          "where relative crt names begin"),
    works("key-base", kGlobal, 1, 1, set_text<&TlsDefaults::key_base>, "<folder>",
          "where relative key names of a crt-store begin"),
    works("ssl-default-bind-ciphers", kGlobal, 1, 1, set_list<kBind, &Algorithms::ciphers>, "<list>",
          "ciphers up to TLS 1.2 of bind lines"),
    works("ssl-default-bind-ciphersuites", kGlobal, 1, 1, set_list<kBind, &Algorithms::ciphersuites>,
          "<list>", "TLS 1.3 ciphers of bind lines"),
    works("ssl-default-bind-client-sigalgs", kGlobal, 1, 1, set_list<kBind, &Algorithms::client_sigalgs>,
          "<list>", "signatures of client certificates of bind lines"),
    works("ssl-default-bind-curves", kGlobal, 1, 1, set_list<kBind, &Algorithms::curves>, "<list>",
          "key exchange of bind lines"),
    works("ssl-default-bind-sigalgs", kGlobal, 1, 1, set_list<kBind, &Algorithms::sigalgs>, "<list>",
          "signatures of bind lines"),
    works("ssl-default-bind-options", kGlobal, 1, -1, read_bind_tls_defaults, "<words>",
          "TLS words of all bind lines"),
    works("ssl-default-server-ciphers", kGlobal, 1, 1, set_list<kServer, &Algorithms::ciphers>, "<list>",
          "ciphers up to TLS 1.2 of server lines"),
    works("ssl-default-server-ciphersuites", kGlobal, 1, 1, set_list<kServer, &Algorithms::ciphersuites>,
          "<list>", "TLS 1.3 ciphers of server lines"),
    works("ssl-default-server-client-sigalgs", kGlobal, 1, 1, set_list<kServer, &Algorithms::client_sigalgs>,
          "<list>", "signatures of client certificates of server lines"),
    works("ssl-default-server-curves", kGlobal, 1, 1, set_list<kServer, &Algorithms::curves>, "<list>",
          "key exchange of server lines"),
    works("ssl-default-server-sigalgs", kGlobal, 1, 1, set_list<kServer, &Algorithms::sigalgs>, "<list>",
          "signatures of server lines"),
    works("ssl-default-server-options", kGlobal, 1, -1, read_server_tls_defaults, "<words>",
          "TLS words of all server lines"),
    works("ssl-dh-param-file", kGlobal, 1, 1, set_dh_file, "<file>", "parameters of DHE for bind lines"),
    works("tune.ssl.default-dh-param", kGlobal, 1, 1, set_dh_size, "<bits>",
          "size of the group of DHE where no parameters are given"),
    works("ssl-load-extra-files", kGlobal, 1, -1, set_extra_files, "none|all|key|ocsp ...",
          "which files are looked for beside a certificate"),
    works("ssl-security-level", kGlobal, 1, 1, set_security_level, "<0..5>",
          "how weak algorithms and keys may be"),
    works("ssl-server-verify", kGlobal, 1, 1, set_server_verify, "none|required",
          "whether server certificates are checked"),
    works("issuers-chain-path", kGlobal, 1, 1, set_issuers, "<folder>",
          "certificates that complete the chains of those that come alone"),
    inert("acme.scheduler", kGlobal, kNoAcme),
    inert("jwt.decrypt_alg_list", kGlobal, "encrypted tokens are not decrypted; signed ones are verified"),
    inert("ocsp-update.disable", kGlobal, kNoOcspUpdate),
    inert("ocsp-update.httpproxy", kGlobal, kNoOcspUpdate),
    inert("ocsp-update.maxdelay", kGlobal, kNoOcspUpdate),
    inert("ocsp-update.mindelay", kGlobal, kNoOcspUpdate),
    inert("ocsp-update.mode", kGlobal, kNoOcspUpdate),
    works("ssl-load-extra-del-ext", kGlobal, 0, 0, cut_extension, "", "of site.crt the key is site.key"),
    works("ssl-propquery", kGlobal, 1, 1, set_properties, "<query>",
          "properties that algorithms of OpenSSL must have"),
    works("ssl-provider", kGlobal, 1, 1, load_provider, "<name>", "a provider of OpenSSL to use"),
    works("ssl-provider-path", kGlobal, 1, 1, set_provider_folder, "<folder>",
          "where providers that are named later lie"),
    works("ssl-skip-self-issued-ca", kGlobal, 0, 0, skip_roots, "", "chains are sent without their roots"),
    inert("ssl-engine", kGlobal, "OpenSSL has replaced engines; write 'ssl-provider'"),
    inert("ssl-mode-async", kGlobal, "no engine takes jobs; the workers compute handshakes themselves"),
    inert("ssl-passphrase-cmd", kGlobal, "keys must lie open; decrypt them with 'openssl pkey'"),
    refused("ssl-f-use", kGlobal | kFrontend | kListen,
            "the certificate would not be used; name it with 'crt' on the bind lines"),
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
