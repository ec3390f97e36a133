// Words of `server` lines about TLS (configuration manual 5.2).
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxyd/config/certificates.h"
#include "proxyd/config/files.h"
#include "proxyd/config/server_line.h"
#include "proxyd/config/tls_words.h"
#include "proxyd/upstream/server_connection.h"

namespace proxyd::config {

namespace {

using Word = WordRow<ServerDraft>;
using net::TlsClientSettings;
using upstream::ServerSettings;

template <bool ServerSettings::* member, bool value>
void set_server_flag(const WordInput&, ServerDraft& server) {
    server.settings.*member = value;
}
template <bool TlsClientSettings::* member, bool value>
void set_flag(const WordInput&, ServerDraft& server) {
    server.settings.tls_client.*member = value;
}

// HTTP/2 is not spoken to servers: what is offered could be chosen.
void set_protocols(const WordInput& word, std::string& list) {
    if (word.arguments[0].contains("h2")) word.no_effect("HTTP/1.1 is spoken to servers, h2 is not offered");
    list = word.arguments[0];
}
void set_alpn(const WordInput& word, ServerDraft& server) {
    set_protocols(word, server.settings.tls_client.alpn);
}
void set_check_alpn(const WordInput& word, ServerDraft& server) {
    set_protocols(word, server.settings.check.alpn);
}

void set_verify(const WordInput& word, ServerDraft& server) {
    const std::string& how = word.arguments[0];
    server.settings.tls_client.verify = how != "none";
    if (how != "none" && how != "required")
        word.error("unknown verification '" + how + "' (none or required)");
}

void set_ca_file(const WordInput& word, ServerDraft& server) {
    std::string& path = server.settings.tls_client.ca_file;
    path = in_folder(word.in.tls.ca_base, word.arguments[0]);
    if (const auto readable = check_authority(path); !readable) word.error(readable.error().text);
}

void set_crl_file(const WordInput& word, ServerDraft& server) {
    std::string& path = server.settings.tls_client.crl_file;
    path = in_folder(word.in.tls.ca_base, word.arguments[0]);
    if (::access(path.c_str(), R_OK) != 0) word.error("cannot open '" + path + "': " + std::strerror(errno));
}

void set_certificate(const WordInput& word, ServerDraft& server) {
    auto files = find_certificate(word.in, word.arguments[0]);
    if (!files) return word.error(files.error().text);
    server.settings.tls_client.crt = std::move(*files);
}

void set_sni(const WordInput& word, ServerDraft& server) {
    server.settings.sni = word.arguments[0];
    if (const auto name = upstream::ServerName::compile(server.settings.sni); !name)
        word.error(name.error().text);
}
void unset_sni(const WordInput&, ServerDraft& server) {
    server.settings.sni.clear();
}

void set_verify_host(const WordInput& word, ServerDraft& server) {
    server.settings.tls_client.verify_host = word.arguments[0];
}
void unset_verify_host(const WordInput&, ServerDraft& server) {
    server.settings.tls_client.verify_host.clear();
}

constexpr auto inert = inert_word<ServerDraft>;

constexpr Word kTlsWords[] = {
    {"ssl", 0, set_server_flag<&ServerSettings::tls, true>, Effect::works, "", "speak TLS to the server"},
    {"no-ssl", 0, set_server_flag<&ServerSettings::tls, false>, Effect::works, "", "undoes ssl"},
    {"alpn", 1, set_alpn, Effect::works, "<list>", "application protocols to offer"},
    {"check-alpn", 1, set_check_alpn, Effect::works, "<list>", "those that health checks offer"},
    {"crt", 1, set_certificate, Effect::works, "<file>", "the certificate to show to the server"},
    {"verify", 1, set_verify, Effect::works, "none|required", "check the server's certificate"},
    {"ca-file", 1, set_ca_file, Effect::works, "<file>", "authority of the server's certificate"},
    {"crl-file", 1, set_crl_file, Effect::works, "<file>", "revoked certificates of servers"},
    {"sni", 1, set_sni, Effect::works, "<expression>", "name asked for in the handshake"},
    {"no-sni", 0, unset_sni, Effect::works, "", "undoes sni"},
    {"sni-auto", 0, set_server_flag<&ServerSettings::sni_auto, true>, Effect::works, "",
     "in HTTP mode without sni: ask for the name in Host"},
    {"no-sni-auto", 0, set_server_flag<&ServerSettings::sni_auto, false>, Effect::works, "",
     "undoes sni-auto"},
    {"verifyhost", 1, set_verify_host, Effect::works, "<name>",
     "what the certificate must name when no name is asked for"},
    {"no-verifyhost", 0, unset_verify_host, Effect::works, "", "undoes verifyhost"},
    {"ssl-reuse", 0, set_flag<&TlsClientSettings::resume, true>, Effect::works, "", "undoes no-ssl-reuse"},
    {"no-ssl-reuse", 0, set_flag<&TlsClientSettings::resume, false>, Effect::works, "",
     "a full handshake for each connection"},
    {"tls-tickets", 0, set_flag<&TlsClientSettings::tickets, true>, Effect::works, "",
     "undoes no-tls-tickets"},
    {"no-tls-tickets", 0, set_flag<&TlsClientSettings::tickets, false>, Effect::works, "",
     "no session tickets"},
    inert("renegotiate", 0, "renegotiation is never accepted"),
    inert("no-renegotiate", 0, "renegotiation is never accepted"),
};

}  // namespace

std::span<const Word> server_tls_words() {
    return kTlsWords;
}
std::span<const Word> server_algorithm_words() {
    return kTlsAlgorithmWords<ServerDraft>;
}

void read_server_tls_defaults(Reading& in, const Statement& line) {
    ServerDraft scratch;
    scratch.settings.tls_client = in.tls.server;
    std::vector<Word> table(std::begin(kTlsWords), std::end(kTlsWords));
    table.insert(table.end(), server_algorithm_words().begin(), server_algorithm_words().end());
    read_words<ServerDraft>(in, line, line.arguments(), table, scratch);
    in.tls.server = std::move(scratch.settings.tls_client);
}

}  // namespace proxyd::config
