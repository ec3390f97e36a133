#include "proxyd/net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxyd/net/tls_context.h"

namespace proxyd::net {

namespace {

// A gathered write becomes one record: the pieces are collected here. One call at a time per thread.
constexpr std::size_t kRecord = 16384;
thread_local std::array<char, kRecord> record;

std::size_t gather(std::span<const iovec> pieces) {
    std::size_t size = 0;
    for (const iovec& piece : pieces) {
        const std::size_t count = std::min(piece.iov_len, record.size() - size);
        std::memcpy(record.data() + size, piece.iov_base, count);
        size += count;
        if (size == record.size()) break;
    }
    return size;
}

}  // namespace

common::Result<std::unique_ptr<TlsSession>> TlsSession::make(const TlsContext& context, int fd) {
    ssl_st* ssl = SSL_new(context.native());
    if (!ssl || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return common::fail("out of memory for a TLS session");
    }
    return std::unique_ptr<TlsSession>(new TlsSession(ssl));
}

common::Result<std::unique_ptr<TlsSession>> TlsSession::server(const TlsContext& context, int fd) {
    auto session = make(context, fd);
    if (session) SSL_set_accept_state((*session)->ssl_);
    return session;
}

common::Result<std::unique_ptr<TlsSession>> TlsSession::client(const TlsContext& context, int fd,
                                                               const std::string& server_name) {
    auto session = make(context, fd);
    if (!session) return session;
    ssl_st* ssl = (*session)->ssl_;
    SSL_set_connect_state(ssl);
    if (!server_name.empty()) {
        SSL_set_tlsext_host_name(ssl, server_name.c_str());
        if (context.verifies_peer()) SSL_set1_host(ssl, server_name.c_str());
    }
    return session;
}

TlsSession::~TlsSession() {
    // A connection that ends without the closing alert would otherwise lose its place in the session cache.
    if (established_ && !broken_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl_);
}

IoResult TlsSession::explain(int result) {
    const int saved_errno = errno;
    wants_write_ = false;
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_WRITE:
            wants_write_ = true;
            [[fallthrough]];
        case SSL_ERROR_WANT_READ:
            return {IoResult::Kind::would_block, 0, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {IoResult::Kind::end, 0, 0};
        case SSL_ERROR_SYSCALL:
            broken_ = true;
            if (saved_errno == 0) return {IoResult::Kind::end, 0, 0};
            return {IoResult::Kind::error, 0, saved_errno};
        default:
            broken_ = true;
            error_ = ERR_peek_last_error();
            ERR_clear_error();
            return {IoResult::Kind::error, 0, EPROTO};
    }
}

void TlsSession::fill_info() {
    established_ = true;
    if (const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name)) info_.sni = name;
    info_.version = SSL_get_version(ssl_);
    info_.cipher = SSL_get_cipher_name(ssl_);
    info_.resumed = SSL_session_reused(ssl_) == 1;
    const unsigned char* protocol = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_, &protocol, &length);
    info_.alpn.assign(reinterpret_cast<const char*>(protocol), length);
}

IoResult TlsSession::try_handshake() {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(ssl_);
    if (result != 1) return explain(result);
    fill_info();
    return {};
}

IoResult TlsSession::try_read(std::span<char> into) {
    if (broken_) return {IoResult::Kind::error, 0, EPROTO};
    ERR_clear_error();
    errno = 0;
    std::size_t total = 0;
    // Records are at most 16 kB: fill the buffer with those that are decrypted already.
    do {
        std::size_t count = 0;
        const int result = SSL_read_ex(ssl_, into.data() + total, into.size() - total, &count);
        if (result != 1) {
            if (total > 0) break;
            return explain(result);
        }
        total += count;
    } while (total < into.size() && SSL_pending(ssl_) > 0);
    return {IoResult::Kind::ok, total, 0};
}

IoResult TlsSession::try_write(std::span<const iovec> pieces) {
    if (broken_) return {IoResult::Kind::error, 0, EPROTO};
    const void* data = pieces[0].iov_base;
    std::size_t size = pieces[0].iov_len;
    if (pieces.size() > 1) {
        data = record.data();
        size = gather(pieces);
    }
    if (size == 0) return {};
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_, data, size, &count);
    if (result != 1) return explain(result);
    return {IoResult::Kind::ok, count, 0};
}

bool TlsSession::pending() const {
    return SSL_has_pending(ssl_) == 1;
}

void TlsSession::release_buffers() {
    if (established_ && !broken_) SSL_free_buffers(ssl_);
}

void TlsSession::send_close_notify() {
    if (!established_ || broken_ || std::exchange(close_sent_, true)) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);
}

std::string TlsSession::error_text() const {
    if (error_ == 0) return {};
    const char* reason = ERR_reason_error_string(error_);
    return reason ? reason : "TLS error " + std::to_string(error_);
}

}  // namespace proxyd::net
