#include "proxyd/net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxyd/net/tls_context.h"
#include "proxyd/net/tls_resumption.h"

namespace proxyd::net {

namespace {

// The largest payload of a record, RFC 8446 section 5.1. Less than this left in a buffer is not worth another
// read.
constexpr std::size_t kRecord = 16384;
// A stream that has sent this much without a pause flows in bulk: small records would only cost.
// HAProxy 2.6 was seen to keep them for more than 40 kB.
constexpr std::size_t kBulk = 3 * kRecord;

// Real hellos have 200 to 2000 bytes; what is larger than this is not worth keeping.
constexpr std::size_t kLongestHello = 8192;

// A gathered write becomes whole records: their pieces are collected here. One call at a time per thread.
thread_local std::array<char, kRecord> record;

// Reads on in a gathered write, record by record.
class Gather {
 public:
    explicit Gather(std::span<const iovec> pieces) : pieces_(pieces) {}

    // The next record's payload, at most `limit` bytes (1 to kRecord): in place where it lies in one piece,
    // else collected. Empty at the end.
    std::span<const char> next(std::size_t limit) {
        std::span<const char> run = head(limit);
        if (run.size() == limit || pieces_.size() <= 1) return skip(run.size()), run;
        std::size_t size = 0;
        for (; size < limit && !pieces_.empty(); run = head(limit)) {
            run = run.first(std::min(run.size(), limit - size));
            std::memcpy(record.data() + size, run.data(), run.size());
            size += run.size();
            skip(run.size());
        }
        return {record.data(), size};
    }
    bool done() const { return pieces_.empty(); }

 private:
    std::span<const char> head(std::size_t limit) const {
        if (pieces_.empty()) return {};
        const iovec& piece = pieces_.front();
        return {static_cast<const char*>(piece.iov_base) + offset_, std::min(piece.iov_len - offset_, limit)};
    }
    void skip(std::size_t count) {
        offset_ += count;
        while (!pieces_.empty() && offset_ == pieces_.front().iov_len) {
            pieces_ = pieces_.subspan(1);
            offset_ = 0;
        }
    }

    std::span<const iovec> pieces_;
    std::size_t offset_ = 0;  // in the first piece
};

}  // namespace

// What OpenSSL's own BIO for sockets does, without its copy of errno and with our knowledge of the socket.
struct TlsSession::Bio {
    static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* into, std::size_t size, std::size_t* count) {
        BIO_clear_retry_flags(bio);
        const IoResult result = session(bio).transport_.receive({into, size});
        if (result.would_block()) BIO_set_retry_read(bio);
        if (result.kind == IoResult::Kind::end) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        errno = result.error;
        *count = result.count;
        return result.ok() ? 1 : 0;
    }
    static int write(BIO* bio, const char* data, std::size_t size, std::size_t* count) {
        BIO_clear_retry_flags(bio);
        const IoResult result = session(bio).transport_.send({data, size}, session(bio).more_);
        if (result.would_block()) BIO_set_retry_write(bio);
        errno = result.error;
        *count = result.count;
        return result.ok() ? 1 : 0;
    }
    static long control(BIO* bio, int command, long, void*) {
        if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }
    static const BIO_METHOD* method() {
        static BIO_METHOD* const made = [] {
            BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
            BIO_meth_set_read_ex(fresh, read);
            BIO_meth_set_write_ex(fresh, write);
            BIO_meth_set_ctrl(fresh, control);
            return fresh;
        }();
        return made;
    }
};

common::Result<std::unique_ptr<TlsSession>> TlsSession::make(const TlsContext& context,
                                                             Transport& transport) {
    std::unique_ptr<TlsSession> session(new TlsSession(transport));
    session->ssl_ = SSL_new(context.native());
    BIO* bio = session->ssl_ ? BIO_new(Bio::method()) : nullptr;
    if (!bio) return common::fail("out of memory for a TLS session");
    session->largest_record_ = kRecord;
    if (context.hard_max_record() > 0)
        session->largest_record_ = std::min(context.hard_max_record(), kRecord);
    session->small_record_ = std::min(context.max_record(), session->largest_record_);
    BIO_set_data(bio, session.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl_, bio, bio);
    return session;
}

common::Result<std::unique_ptr<TlsSession>> TlsSession::server(const TlsContext& context,
                                                               Transport& transport) {
    auto session = make(context, transport);
    if (!session) return session;
    SSL_set_accept_state((*session)->ssl_);
    if (const std::size_t limit = context.hello_capture()) (*session)->keep_hello(limit);
    return session;
}

// From now on OpenSSL shows us the messages it receives. Only the hello has a place to go to.
void TlsSession::keep_hello(std::size_t limit) {
    hello_limit_ = limit;
    SSL_set_msg_callback_arg(ssl_, this);
    SSL_set_msg_callback(ssl_,
                         [](int sent, int, int type, const void* data, std::size_t size, SSL*, void* self) {
                             const auto* bytes = static_cast<const char*>(data);
                             if (sent != 0 || type != SSL3_RT_HANDSHAKE || size == 0 || size > kLongestHello)
                                 return;
                             if (bytes[0] != SSL3_MT_CLIENT_HELLO) return;
                             auto& session = *static_cast<TlsSession*>(self);
                             session.info_.hello = std::make_unique<const ClientHelloCopy>(
                                 ClientHelloCopy{std::string(bytes, size), session.hello_limit_});
                         });
}

// "LABEL RANDOM SECRET", the form of key log files.
void TlsSession::keep_secret(const ssl_st* ssl, const char* line) {
    const std::string_view text(line);
    const std::size_t first = text.find(' '), last = text.rfind(' ');
    BIO* const bio = SSL_get_rbio(ssl);
    if (bio == nullptr || first == last) return;
    auto& secrets = Bio::session(bio).info_.secrets;
    if (!secrets) secrets = std::make_unique<std::vector<TlsSecret>>();
    secrets->push_back({std::string(text.substr(0, first)), std::string(text.substr(last + 1))});
}

common::Result<std::unique_ptr<TlsSession>> TlsSession::client(const TlsContext& context,
                                                               Transport& transport,
                                                               const std::string& server_name) {
    auto session = make(context, transport);
    if (!session) return session;
    ssl_st* ssl = (*session)->ssl_;
    SSL_set_connect_state(ssl);
    if (!server_name.empty()) SSL_set_tlsext_host_name(ssl, server_name.c_str());
    const std::string& certified = server_name.empty() ? context.verify_host() : server_name;
    if (context.verifies_peer() && !certified.empty()) SSL_set1_host(ssl, certified.c_str());
    if (context.resumption() != nullptr) context.resumption()->offer(ssl, server_name);
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
    info_.native = ssl_;
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
    // A record at a time: fill the buffer with what is decrypted already, and a large one with what is there.
    do {
        std::size_t count = 0;
        const int result = SSL_read_ex(ssl_, into.data() + total, into.size() - total, &count);
        if (result != 1) {
            if (total > 0) break;
            return explain(result);
        }
        total += count;
    } while (total < into.size() && (into.size() - total >= kRecord || SSL_pending(ssl_) > 0));
    return {IoResult::Kind::ok, total, 0};
}

// Only grows until bytes are written: a record that would have blocked is tried again with no less.
std::size_t TlsSession::record_size() const {
    return small_record_ > 0 && sent_since_idle_ < kBulk ? small_record_ : largest_record_;
}

IoResult TlsSession::write_record(const void* data, std::size_t size, bool more) {
    errno = 0;
    more_ = more;
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_, data, size, &count);
    more_ = false;
    if (result != 1) return explain(result);
    if (small_record_ > 0 && sent_since_idle_ < kBulk) sent_since_idle_ += count;
    return {IoResult::Kind::ok, count, 0};
}

IoResult TlsSession::try_write(std::span<const iovec> pieces, bool last) {
    if (broken_) return {IoResult::Kind::error, 0, EPROTO};
    ERR_clear_error();
    std::size_t total = 0;
    for (Gather gather(pieces); !gather.done();) {
        const std::span<const char> payload = gather.next(record_size());
        const IoResult result = write_record(payload.data(), payload.size(), last || !gather.done());
        total += result.count;
        if (result.count < payload.size()) return total > 0 ? IoResult{IoResult::Kind::ok, total, 0} : result;
    }
    return {IoResult::Kind::ok, total, 0};
}

bool TlsSession::pending() const {
    return SSL_has_pending(ssl_) == 1;
}

void TlsSession::release_buffers() {
    sent_since_idle_ = 0;
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
