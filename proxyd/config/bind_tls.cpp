// TLS words of `bind` lines.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/text.h"
#include "proxyd/config/bind_line.h"
#include "proxyd/config/files.h"
#include "proxyd/config/lexer.h"
#include "proxyd/config/source.h"

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

void add_certificate(const WordInput& word, Bind& bind) {
    std::string path = in_folder(word.in.tls.crt_base, word.arguments[0]);
    if (const auto readable = check_certificate(path); !readable) return word.error(readable.error().text);
    bind.tls.crt.push_back(std::move(path));
}

// A line of a crt-list: FILE [ [words] ] [SNI filters]. Certificates are chosen by the names inside them.
void add_listed(const WordInput& word, Bind& bind, std::string_view text, const std::string& list,
                int number) {
    const auto words = tokenize(text, [](std::string_view) { return std::nullopt; });
    if (!words) return word.error(list + ":" + std::to_string(number) + ": " + words.error().text);
    if (words->empty()) return;
    std::string path = in_folder(word.in.tls.crt_base, words->front());
    if (const auto readable = check_certificate(path); !readable)
        return word.error(list + ":" + std::to_string(number) + ": " + readable.error().text);
    if (words->size() > 1)
        word.in.warning(
            word.line,
            list + ":" + std::to_string(number) +
                ": what follows the file name has no effect yet; the certificate's own names decide");
    bind.tls.crt.push_back(std::move(path));
}

void add_certificate_list(const WordInput& word, Bind& bind) {
    const auto text = read_file(word.arguments[0]);
    if (!text) return word.error(text.error().text);
    const SourceLines source = split_lines(*text);
    for (std::size_t i = 0; i < source.lines.size(); ++i)
        add_listed(word, bind, source.lines[i], word.arguments[0], static_cast<int>(i) + 1);
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

void set_version(const WordInput& word, int& version) {
    const int number = tls_version_number(word.arguments[0]);
    if (number == 0)
        return word.error("unknown TLS version '" + word.arguments[0] + "' (TLSv1.0 to TLSv1.3)");
    if (number < 12) word.no_effect("versions before TLS 1.2 are not offered");
    version = std::max(number, 12);
}
void set_min_version(const WordInput& word, Bind& bind) {
    set_version(word, bind.tls.min_version);
}
void set_max_version(const WordInput& word, Bind& bind) {
    set_version(word, bind.tls.max_version);
}

void force_v12(const WordInput&, Bind& bind) {
    bind.tls.min_version = bind.tls.max_version = 12;
}
void force_v13(const WordInput&, Bind& bind) {
    bind.tls.min_version = bind.tls.max_version = 13;
}
void no_v12(const WordInput&, Bind& bind) {
    bind.tls.min_version = 13;
}
void no_v13(const WordInput&, Bind& bind) {
    bind.tls.max_version = 12;
}
void nothing(const WordInput&, Bind&) {}

constexpr auto inert = inert_word<Bind>;
constexpr auto refused = refused_word<Bind>;
constexpr std::string_view kOld = "SSL 3.0, TLS 1.0 and TLS 1.1 are not offered";

constexpr Word kWords[] = {
    {"ssl", 0, enable, Effect::works, "", "clients speak TLS"},
    {"alpn", 1, set_text<&net::TlsServerSettings::alpn>, Effect::works, "<list>",
     "application protocols, best first"},
    {"ca-file", 1, set_ca_file, Effect::works, "<file>", "authority of the clients' certificates"},
    {"ciphers", 1, set_text<&net::TlsServerSettings::ciphers>, Effect::works, "<list>",
     "ciphers up to TLS 1.2"},
    {"ciphersuites", 1, set_text<&net::TlsServerSettings::ciphersuites>, Effect::works, "<list>",
     "ciphers of TLS 1.3"},
    {"crt", 1, add_certificate, Effect::works, "<file or folder>",
     "certificate chain and key in PEM; repeatable"},
    {"default-crt", 1, add_certificate, Effect::works, "<file>", "certificate for names that no other has"},
    {"crt-list", 1, add_certificate_list, Effect::works, "<file>", "a list of certificates"},
    {"crl-file", 1, set_crl_file, Effect::works, "<file>", "revoked certificates of clients"},
    {"curves", 1, set_text<&net::TlsServerSettings::curves>, Effect::works, "<list>",
     "curves of the key exchange"},
    {"ecdhe", 1, set_text<&net::TlsServerSettings::curves>, Effect::works, "<curve>",
     "curve of the key exchange"},
    {"force-tlsv12", 0, force_v12, Effect::works, "", "TLS 1.2 only"},
    {"force-tlsv13", 0, force_v13, Effect::works, "", "TLS 1.3 only"},
    {"no-alpn", 0, nothing, Effect::works, "", "no application protocol is negotiated"},
    {"no-sslv3", 0, nothing, Effect::works, "", "never offered anyway"},
    {"no-tls-tickets", 0, set_flag<&net::TlsServerSettings::tickets, false>, Effect::works, "",
     "no session tickets"},
    {"no-tlsv10", 0, nothing, Effect::works, "", "never offered anyway"},
    {"no-tlsv11", 0, nothing, Effect::works, "", "never offered anyway"},
    {"no-tlsv12", 0, no_v12, Effect::works, "", "TLS 1.3 only"},
    {"no-tlsv13", 0, no_v13, Effect::works, "", "TLS 1.2 only"},
    {"ssl-max-ver", 1, set_max_version, Effect::works, "TLSv1.x", "newest TLS version"},
    {"ssl-min-ver", 1, set_min_version, Effect::works, "TLSv1.x", "oldest TLS version"},
    {"strict-sni", 0, set_flag<&net::TlsServerSettings::strict_sni>, Effect::works, "",
     "refuse names without a certificate"},
    {"tls-tickets", 0, set_flag<&net::TlsServerSettings::tickets>, Effect::works, "", "session tickets"},
    {"verify", 1, set_verify, Effect::works, "none|optional|required", "ask clients for a certificate"},
    inert("allow-0rtt", 0, "early data is not taken"),
    inert("ca-ignore-err", 1, "every error of a client's certificate refuses it"),
    inert("ca-sign-file", 1, kNotYet),
    inert("ca-sign-pass", 1, kNotYet),
    inert("ca-verify-file", 1, kNotYet),
    inert("client-sigalgs", 1, kNotYet),
    inert("crt-ignore-err", 1, "every error of a client's certificate refuses it"),
    inert("ech", 1, kNotYet),
    inert("force-sslv3", 0, kOld),
    inert("force-tlsv10", 0, kOld),
    inert("force-tlsv11", 0, kOld),
    inert("generate-certificates", 0, kNotYet),
    inert("ktls", 1, kNotYet),
    inert("no-ca-names", 0, kNotYet),
    inert("no-strict-sni", 0, "it is the default"),
    inert("npn", 1, "ALPN has replaced NPN; write 'alpn'"),
    inert("prefer-client-ciphers", 0, "the order of this side decides"),
    inert("sigalgs", 1, kNotYet),
    inert("tls-ticket-keys", 1, "ticket keys are made and renewed by this program"),
};

}  // namespace

std::span<const Word> bind_tls_words() {
    return kWords;
}

int tls_version_number(std::string_view name) {
    const auto* row = std::ranges::find(kVersions, name, &Version::name);
    return row == kVersions.end() ? 0 : row->number;
}

}  // namespace proxyd::config
