#include "proxyd/net/tls_resumption.h"

#include <algorithm>

namespace proxyd::net {

TlsResumption::~TlsResumption() {
    for (const Entry& entry : entries_) SSL_SESSION_free(entry.session);
}

void TlsResumption::keep(const std::string& name, SSL_SESSION* session) {
    const bool many_times = SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION;
    const std::lock_guard lock(mutex_);
    auto victim = entries_.end();
    if (many_times) victim = std::ranges::find(entries_, name, &Entry::name);
    if (victim == entries_.end() && entries_.size() >= kMost) victim = entries_.begin();
    if (victim != entries_.end()) {
        SSL_SESSION_free(victim->session);
        entries_.erase(victim);
    }
    entries_.push_back({name, session});
}

void TlsResumption::offer(SSL* connection, const std::string& name) {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
        if (entry->name != name) continue;
        const bool usable = SSL_SESSION_is_resumable(entry->session) == 1;
        if (usable) SSL_set_session(connection, entry->session);
        if (!usable || SSL_SESSION_get_protocol_version(entry->session) >= TLS1_3_VERSION) {
            SSL_SESSION_free(entry->session);
            entries_.erase(std::next(entry).base());
        }
        return;
    }
}

}  // namespace proxyd::net
