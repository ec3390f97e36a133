// One TLS connection: OpenSSL working on the socket itself, so that no byte is copied through a memory BIO.
// Part of Stream; nobody else uses it.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>

#include "common/error.h"
#include "proxyd/net/transport.h"

struct ssl_st;
struct bio_st;

namespace proxyd::net {

class TlsContext;

class TlsSession {
 public:
    // The transport must outlive the session.
    static common::Result<std::unique_ptr<TlsSession>> server(const TlsContext& context,
                                                              Transport& transport);
    static common::Result<std::unique_ptr<TlsSession>> client(const TlsContext& context, Transport& transport,
                                                              const std::string& server_name);
    ~TlsSession();

    // OpenSSL's callback of contexts that keep secrets.
    static void keep_secret(const ssl_st* ssl, const char* line);

    IoResult try_handshake();
    IoResult try_read(std::span<char> into);
    IoResult try_write(std::span<const iovec> pieces, bool last);  // see Stream
    bool pending() const;
    bool wants_write() const { return wants_write_; }
    void release_buffers();
    void send_close_notify();  // once, without waiting for the peer's
    const TlsInfo& info() const { return info_; }
    unsigned long error_code() const { return error_; }
    std::string error_text() const;

 private:
    struct Bio;  // OpenSSL's view of the transport
    explicit TlsSession(Transport& transport) : transport_(transport) {}
    static common::Result<std::unique_ptr<TlsSession>> make(const TlsContext& context, Transport& transport);
    std::size_t record_size() const;
    IoResult write_record(const void* data, std::size_t size, bool more);
    IoResult explain(int result);  // of a failed OpenSSL call
    void fill_info();
    void keep_hello(std::size_t limit);

    Transport& transport_;
    ssl_st* ssl_ = nullptr;
    bool more_ = false;  // another record follows the one being written
    bool wants_write_ = false;
    bool established_ = false;
    bool broken_ = false;  // after a fatal error OpenSSL forbids further calls, SSL_shutdown too
    bool close_sent_ = false;
    std::size_t largest_record_ = 0;   // payload of any record
    std::size_t small_record_ = 0;     // payload of each record while little was sent; 0: as large as may be
    std::size_t sent_since_idle_ = 0;  // payload bytes, counted while that matters
    unsigned long error_ = 0;          // OpenSSL's code of the last failure
    TlsInfo info_;
    std::size_t hello_limit_ = 0;
};

}  // namespace proxyd::net
