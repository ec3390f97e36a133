// One TLS connection: OpenSSL working on the descriptor itself, so that no byte is copied through a memory
// BIO. Part of Stream; nobody else uses it.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>

#include "common/error.h"
#include "proxyd/net/stream.h"

struct ssl_st;

namespace proxyd::net {

class TlsContext;

class TlsSession {
 public:
    static common::Result<std::unique_ptr<TlsSession>> server(const TlsContext& context, int fd);
    static common::Result<std::unique_ptr<TlsSession>> client(const TlsContext& context, int fd,
                                                              const std::string& server_name);
    ~TlsSession();

    IoResult try_handshake();
    IoResult try_read(std::span<char> into);
    IoResult try_write(std::span<const iovec> pieces);
    bool pending() const;
    bool wants_write() const { return wants_write_; }
    void release_buffers();
    void send_close_notify();  // once, without waiting for the peer's
    const TlsInfo& info() const { return info_; }
    std::string error_text() const;

 private:
    explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
    static common::Result<std::unique_ptr<TlsSession>> make(const TlsContext& context, int fd);
    IoResult explain(int result);  // of a failed OpenSSL call
    void fill_info();

    ssl_st* ssl_;
    bool wants_write_ = false;
    bool established_ = false;
    bool broken_ = false;  // after a fatal error OpenSSL forbids further calls, SSL_shutdown too
    bool close_sent_ = false;
    unsigned long error_ = 0;  // OpenSSL's code of the last failure
    TlsInfo info_;
};

}  // namespace proxyd::net
