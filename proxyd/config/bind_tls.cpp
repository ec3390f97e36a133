// TLS words of `bind` lines.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxyd/config/bind_line.h"
#include "proxyd/config/files.h"
#include "proxyd/config/tls_words.h"
#include "proxyd/net/certificate_errors.h"
#include "proxyd/net/tls_context.h"

namespace proxyd::config {

namespace {

using Bind = net::BindSettings;
using Word = WordRow<Bind>;

struct Version {
    std::string_view name;
    int number;
};
constexpr std::array kVersions{
    Version{"SSLv3", 9},    Version{"TLSv1.0", 10}, Version{"TLSv1.1", 11},
    Version{"TLSv1.2", 12}, Version{"TLSv1.3", 13},
};

void enable(const WordInput&, Bind& bind) {
    bind.tls.enabled = true;
}

template <bool net::TlsServerSettings::* member, bool value = true>
void set_flag(const WordInput&, Bind& bind) {
    bind.tls.*member = value;
}

template <std::string net::TlsServerSettings::* member>
void set_text(const WordInput& word, Bind& bind) {
    bind.tls.*member = word.arguments[0];
}

void set_ca_file(const WordInput& word, Bind& bind) {
    bind.tls.ca_file = in_folder(word.in.tls.ca_base, word.arguments[0]);
    if (const auto readable = check_authority(bind.tls.ca_file); !readable) word.error(readable.error().text);
}

void set_crl_file(const WordInput& word, Bind& bind) {
    bind.tls.crl_file = in_folder(word.in.tls.ca_base, word.arguments[0]);
    if (::access(bind.tls.crl_file.c_str(), R_OK) != 0)
        word.error("cannot open '" + bind.tls.crl_file + "': " + std::strerror(errno));
}

void set_verify(const WordInput& word, Bind& bind) {
    const std::string& how = word.arguments[0];
    bind.tls.verify_required = how == "required";
    bind.tls.verify_optional = how == "optional";
    if (how != "none" && how != "optional" && how != "required")
        word.error("unknown verification '" + how + "' (none, optional or required)");
}

void set_verify_file(const WordInput& word, Bind& bind) {
    bind.tls.ca_verify_file = in_folder(word.in.tls.ca_base, word.arguments[0]);
    if (const auto readable = check_authority(bind.tls.ca_verify_file); !readable)
        word.error(readable.error().text);
}

template <net::CertificateErrors net::TlsServerSettings::* member>
void set_ignored(const WordInput& word, Bind& bind) {
    const auto errors = net::parse_certificate_errors(word.arguments[0]);
    if (!errors) return word.error(errors.error().text);
    bind.tls.*member = *errors;
}

void set_no_alpn(const WordInput&, Bind& bind) {
    bind.tls.alpn.clear();
}

void set_ticket_keys(const WordInput& word, Bind& bind) {
    bind.tls.ticket_keys_file = word.arguments[0];
    if (const auto keys = net::TicketKeys::from_file(bind.tls.ticket_keys_file); !keys)
        word.error(keys.error().text);
}

constexpr auto inert = inert_word<Bind>;
constexpr auto refused = refused_word<Bind>;

constexpr std::string_view kNoMaking =
    "certificates are read from files only, none is made for a client's name";

constexpr Word kWords[] = {
    {"ssl", 0, enable, Effect::works, "", "clients speak TLS"},
    {"alpn", 1, set_text<&net::TlsServerSettings::alpn>, Effect::works, "<list>",
     "application protocols, best first"},
    {"ca-file", 1, set_ca_file, Effect::works, "<file>", "authority of the clients' certificates"},
    {"crl-file", 1, set_crl_file, Effect::works, "<file>", "revoked certificates of clients"},
    {"no-tls-tickets", 0, set_flag<&net::TlsServerSettings::tickets, false>, Effect::works, "",
     "no session tickets"},
    {"strict-sni", 0, set_flag<&net::TlsServerSettings::strict_sni>, Effect::works, "",
     "refuse names without a certificate"},
    {"tls-tickets", 0, set_flag<&net::TlsServerSettings::tickets>, Effect::works, "", "session tickets"},
    {"verify", 1, set_verify, Effect::works, "none|optional|required", "ask clients for a certificate"},
    {"ca-verify-file", 1, set_verify_file, Effect::works, "<file>",
     "authorities of clients that are not named to them"},
    {"no-ca-names", 0, set_flag<&net::TlsServerSettings::name_authorities, false>, Effect::works, "",
     "name no authority to clients"},
    {"ca-ignore-err", 1, set_ignored<&net::TlsServerSettings::ignored_of_authority>, Effect::works,
     "all|<error>,...", "put up with these errors of the clients' authorities"},
    {"crt-ignore-err", 1, set_ignored<&net::TlsServerSettings::ignored_of_client>, Effect::works,
     "all|<error>,...", "put up with these errors of clients' certificates"},
    {"ecdhe", 1, set_algorithms<Bind, &net::TlsAlgorithms::curves>, Effect::works, "<curve>",
     "curve of the key exchange"},
    {"no-alpn", 0, set_no_alpn, Effect::works, "", "no application protocol is negotiated"},
    {"no-strict-sni", 0, set_flag<&net::TlsServerSettings::strict_sni, false>, Effect::works, "",
     "undoes strict-sni"},
    {"prefer-client-ciphers", 0, set_flag<&net::TlsServerSettings::prefer_client_ciphers>, Effect::works, "",
     "the client's order of ciphers decides"},
    {"tls-ticket-keys", 1, set_ticket_keys, Effect::works, "<file>",
     "keys of session tickets that several machines share"},
    inert("ca-sign-file", 1, kNoMaking),
    inert("ca-sign-pass", 1, kNoMaking),
    inert("ech", 1, "this OpenSSL does not encrypt hellos; clients send them in the clear"),
    inert("generate-certificates", 0, kNoMaking),
};

}  // namespace

std::span<const Word> bind_tls_words() {
    return kWords;
}

std::span<const Word> bind_algorithm_words() {
    return kTlsAlgorithmWords<Bind>;
}

void read_bind_tls_defaults(Reading& in, const Statement& line) {
    Bind scratch;
    scratch.tls = in.tls.bind;
    std::vector<Word> table(std::begin(kWords), std::end(kWords));
    table.insert(table.end(), bind_algorithm_words().begin(), bind_algorithm_words().end());
    read_words<Bind>(in, line, line.arguments(), table, scratch);
    in.tls.bind = std::move(scratch.tls);
}

void set_tls_version(const WordInput& word, int& version) {
    const int number = tls_version_number(word.arguments[0]);
    if (number == 0)
        return word.error("unknown TLS version '" + word.arguments[0] + "' (TLSv1.0 to TLSv1.3)");
    if (number < 12) word.no_effect("versions before TLS 1.2 are not spoken");
    version = std::max(number, 12);
}

int tls_version_number(std::string_view name) {
    const auto* row = std::ranges::find(kVersions, name, &Version::name);
    return row == kVersions.end() ? 0 : row->number;
}

}  // namespace proxyd::config
