#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <cstring>
#include <mutex>
#include <stdexcept>

#include "proxyd/net/tls_tickets.h"

namespace proxyd::net {

struct TicketKeys::Impl {
    mutable std::mutex mutex;
    std::vector<Key> keys;  // newest first, never empty
};

namespace {

TicketKeys::Key random_key() {
    TicketKeys::Key key;
    if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
        RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) != 1 ||
        RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) != 1) {
        throw std::runtime_error("no random numbers for TLS ticket keys");
    }
    return key;
}

bool set_up(const TicketKeys::Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
            bool encrypt) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()),
                                          key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, encrypt ? 1 : 0) ==
               1 &&
           EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

}  // namespace

TicketKeys::TicketKeys() : impl_(std::make_unique<Impl>()) {
    impl_->keys.push_back(random_key());
}
TicketKeys::~TicketKeys() = default;

void TicketKeys::rotate() {
    const std::lock_guard lock(impl_->mutex);
    impl_->keys.insert(impl_->keys.begin(), random_key());
    if (impl_->keys.size() > kKept) impl_->keys.resize(kKept);
}

std::vector<TicketKeys::Key> TicketKeys::export_keys() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->keys;
}

void TicketKeys::import_keys(const std::vector<Key>& keys) {
    if (keys.empty()) return;
    const std::lock_guard lock(impl_->mutex);
    impl_->keys = keys;
    if (impl_->keys.size() > kKept) impl_->keys.resize(kKept);
}

// Results as SSL_CTX_set_tlsext_ticket_key_evp_cb(3) has them: -1 failure, 0 unknown key (full handshake), 1
// use it, 2 use it and give the client a new ticket.
int apply_ticket_key(TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac, bool encrypt, bool tls13) {
    TicketKeys::Impl& impl = keys.impl();
    const std::lock_guard lock(impl.mutex);
    if (encrypt) {
        const TicketKeys::Key& key = impl.keys.front();
        std::memcpy(name, key.name.data(), key.name.size());
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
        return set_up(key, iv, cipher, mac, true) ? 1 : -1;
    }
    for (std::size_t i = 0; i < impl.keys.size(); ++i) {
        if (std::memcmp(name, impl.keys[i].name.data(), impl.keys[i].name.size()) != 0) continue;
        if (!set_up(impl.keys[i], iv, cipher, mac, false)) return -1;
        return i == 0 && !tls13 ? 1 : 2;  // a ticket of TLS 1.3 is for one use
    }
    return 0;
}

}  // namespace proxyd::net
