// Words about TLS that bind and server lines share: algorithms and versions.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "proxyd/config/server_line.h"
#include "proxyd/config/words.h"
#include "proxyd/net/settings.h"

namespace proxyd::config {

int tls_version_number(std::string_view name);  // "TLSv1.2" is 12; 0: none such
void set_tls_version(const WordInput& word, int& version);

inline net::TlsAlgorithms& algorithms_of(net::BindSettings& bind) {
    return bind.tls.algorithms;
}
inline net::TlsAlgorithms& algorithms_of(ServerDraft& server) {
    return server.settings.tls_client.algorithms;
}

template <class Target, std::string net::TlsAlgorithms::* list>
void set_algorithms(const WordInput& word, Target& target) {
    algorithms_of(target).*list = word.arguments[0];
}
template <class Target, int net::TlsAlgorithms::* end>
void set_version(const WordInput& word, Target& target) {
    set_tls_version(word, algorithms_of(target).*end);
}
template <class Target, int oldest, int newest>
void limit_versions(const WordInput&, Target& target) {
    net::TlsAlgorithms& algorithms = algorithms_of(target);
    if (oldest != 0) algorithms.min_version = oldest;
    if (newest != 0) algorithms.max_version = newest;
}
template <class Target>
void change_nothing(const WordInput&, Target&) {}

inline constexpr std::string_view kOldVersions = "SSL 3.0, TLS 1.0 and TLS 1.1 are not spoken";

template <class Target>
constexpr std::array kTlsAlgorithmWords{
    WordRow<Target>{"ciphers", 1, set_algorithms<Target, &net::TlsAlgorithms::ciphers>, Effect::works,
                    "<list>", "ciphers up to TLS 1.2"},
    WordRow<Target>{"ciphersuites", 1, set_algorithms<Target, &net::TlsAlgorithms::ciphersuites>,
                    Effect::works, "<list>", "ciphers of TLS 1.3"},
    WordRow<Target>{"curves", 1, set_algorithms<Target, &net::TlsAlgorithms::curves>, Effect::works, "<list>",
                    "curves of the key exchange"},
    WordRow<Target>{"sigalgs", 1, set_algorithms<Target, &net::TlsAlgorithms::sigalgs>, Effect::works,
                    "<list>", "signatures that may be used"},
    WordRow<Target>{"client-sigalgs", 1, set_algorithms<Target, &net::TlsAlgorithms::client_sigalgs>,
                    Effect::works, "<list>", "signatures of client certificates"},
    WordRow<Target>{"force-tlsv12", 0, limit_versions<Target, 12, 12>, Effect::works, "", "TLS 1.2 only"},
    WordRow<Target>{"force-tlsv13", 0, limit_versions<Target, 13, 13>, Effect::works, "", "TLS 1.3 only"},
    WordRow<Target>{"no-sslv3", 0, change_nothing<Target>, Effect::works, "", "never spoken anyway"},
    WordRow<Target>{"no-tlsv10", 0, change_nothing<Target>, Effect::works, "", "never spoken anyway"},
    WordRow<Target>{"no-tlsv11", 0, change_nothing<Target>, Effect::works, "", "never spoken anyway"},
    WordRow<Target>{"no-tlsv12", 0, limit_versions<Target, 13, 0>, Effect::works, "", "TLS 1.3 only"},
    WordRow<Target>{"no-tlsv13", 0, limit_versions<Target, 0, 12>, Effect::works, "", "TLS 1.2 only"},
    WordRow<Target>{"ssl-max-ver", 1, set_version<Target, &net::TlsAlgorithms::max_version>, Effect::works,
                    "TLSv1.x", "newest TLS version"},
    WordRow<Target>{"ssl-min-ver", 1, set_version<Target, &net::TlsAlgorithms::min_version>, Effect::works,
                    "TLSv1.x", "oldest TLS version"},
    inert_word<Target>("force-sslv3", 0, kOldVersions),
    inert_word<Target>("force-tlsv10", 0, kOldVersions),
    inert_word<Target>("force-tlsv11", 0, kOldVersions),
    inert_word<Target>("npn", 1, "ALPN has replaced NPN; write 'alpn'"),
    inert_word<Target>("ktls", 1, "records are encrypted by this program"),
    inert_word<Target>("allow-0rtt", 0, "early data, which anybody can replay, is neither sent nor taken"),
};

}  // namespace proxyd::config
