#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include "proxyd/net/tls_tickets.h"

namespace proxyd::net {

struct TicketKeys::Impl {
    mutable std::mutex mutex;
    std::vector<Key> keys;       // newest first, never empty
    std::size_t encrypting = 0;  // of them; 1 in a file: the newest is not yet known everywhere
};

namespace {

constexpr std::size_t kShortKey = 48, kLongKey = 80;  // bytes of a line of a file

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
    const std::size_t mac_size = key.short_form ? key.mac.size() / 2 : key.mac.size();
    const EVP_CIPHER* const algorithm = key.short_form ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(
                                   OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), mac_size),
                               OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
    return EVP_CipherInit_ex(cipher, algorithm, nullptr, key.cipher.data(), iv, encrypt ? 1 : 0) == 1 &&
           EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

// Bytes of a line of Base64; empty: it is none.
std::vector<unsigned char> decode_line(const std::string& line) {
    std::vector<unsigned char> bytes(line.size() / 4 * 3 + 3);
    const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(line.data()),
                                     static_cast<int>(line.size()));
    const auto padding = static_cast<std::size_t>(std::ranges::count(line, '='));
    if (size < 0 || padding > 2) return {};
    bytes.resize(static_cast<std::size_t>(size) - padding);
    return bytes;
}

// HAProxy's layout: name, cipher, MAC of 16 bytes each, or name of 16, MAC and cipher of 32.
TicketKeys::Key key_of(const std::vector<unsigned char>& bytes) {
    TicketKeys::Key key{};
    auto take = [at = bytes.begin()](auto& into, std::size_t count) mutable {
        std::copy_n(at, count, into.begin());
        at += static_cast<std::ptrdiff_t>(count);
    };
    key.short_form = bytes.size() == kShortKey;
    take(key.name, 16);
    take(key.short_form ? key.cipher : key.mac, key.short_form ? 16 : 32);
    take(key.short_form ? key.mac : key.cipher, key.short_form ? 16 : 32);
    return key;
}

}  // namespace

common::Result<std::shared_ptr<TicketKeys>> TicketKeys::from_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return common::fail_errno("cannot open '" + path + "'");
    std::vector<Key> keys;
    for (std::string line; std::getline(file, line);) {
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.pop_back();
        if (line.empty()) continue;
        const std::vector<unsigned char> bytes = decode_line(line);
        const bool fits = bytes.size() == kShortKey || bytes.size() == kLongKey;
        if (!fits || (!keys.empty() && keys.front().short_form != (bytes.size() == kShortKey)))
            return common::fail("'" + path + "' line " + std::to_string(keys.size() + 1) +
                                    ": not a key of 48 or 80 bytes (all alike) in Base64",
                                common::Side::config);
        keys.insert(keys.begin(), key_of(bytes));
    }
    if (keys.size() < kKept)
        return common::fail("'" + path + "' holds " + std::to_string(keys.size()) + " keys, at least " +
                                std::to_string(kKept) + " are needed",
                            common::Side::config);
    auto made = std::make_shared<TicketKeys>();
    made->import_keys(keys);
    made->impl_->encrypting = 1;
    return made;
}

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
        const TicketKeys::Key& key = impl.keys[impl.encrypting];
        std::memcpy(name, key.name.data(), key.name.size());
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
        return set_up(key, iv, cipher, mac, true) ? 1 : -1;
    }
    for (std::size_t i = 0; i < impl.keys.size(); ++i) {
        if (std::memcmp(name, impl.keys[i].name.data(), impl.keys[i].name.size()) != 0) continue;
        if (!set_up(impl.keys[i], iv, cipher, mac, false)) return -1;
        return i <= impl.encrypting && !tls13 ? 1 : 2;  // a ticket of TLS 1.3 is for one use
    }
    return 0;
}

}  // namespace proxyd::net
