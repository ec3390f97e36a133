// global: TLS defaults for bind and server lines (configuration manual 3.1, 3.2).
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/keyword_table.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/bind_line.h"
#include "proxyd/config/files.h"
#include "proxyd/config/server_line.h"
#include "proxyd/config/tables.h"

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
    in.tls.bind.find_key = in.tls.server.find_key = key;
    in.tls.bind.find_ocsp = ocsp;
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
    inert("ssl-engine", kGlobal, kNotYet),
    inert("ssl-load-extra-del-ext", kGlobal, kNotYet),
    inert("ssl-mode-async", kGlobal, kNotYet),
    inert("ssl-passphrase-cmd", kGlobal, kNotYet),
    inert("ssl-propquery", kGlobal, kNotYet),
    inert("ssl-provider", kGlobal, kNotYet),
    inert("ssl-provider-path", kGlobal, kNotYet),
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
