// A connected byte stream, plain or TLS, that never blocks and never hides a suspension: calls are tried at
// once and say so when they would block; the caller then arms a readiness bit in its Waiter and waits there.
// One worker's thread only.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "common/endpoint.h"
#include "common/error.h"
#include "proxyd/net/tls_info.h"
#include "proxyd/net/waiter.h"

namespace proxyd::net {

class Layer;
class Pipe;
class TlsContext;
class TlsSession;
class Worker;

struct IoResult {
    enum class Kind : unsigned char { ok, would_block, end, error };
    Kind kind = Kind::ok;
    std::size_t count = 0;  // bytes moved when ok (> 0)
    int error = 0;          // errno when error (EPROTO for a TLS failure)
    bool ok() const { return kind == Kind::ok; }
    bool would_block() const { return kind == Kind::would_block; }
};

class Stream {
 public:
    Stream() noexcept;
    // Takes the descriptor (non-blocking, CLOEXEC), registers it with the worker's reactor.
    Stream(Worker& worker, int fd);
    // The same, with names that are known already; empty ones are asked for when needed.
    Stream(Worker& worker, int fd, const common::Endpoint& peer, const common::Endpoint& local = {});
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    bool open() const;
    int fd() const;

    // Whose bits readiness sets. A pooled connection is attached to its new session's waiter; while detached,
    // events are remembered (disturbed()) but nobody is resumed.
    void attach(Waiter& waiter, Waiter::Bits in, Waiter::Bits out);
    void detach();
    // Keeps one wait per direction armed; idempotent. The bit is set when the direction becomes ready or
    // fails.
    void arm_read();
    void arm_write();
    // arm_read() for input that is not urgent: what is not known to the reactor yet need not be if this is of
    // no more interest in a moment.
    void arm_read_late();
    // Arms the wait for input, so that disturbed() and a later owner learn of it, and forgets the waiter.
    void watch_idle();
    // While detached: something (data, end or error) arrived on an idle connection, which makes it unusable.
    // A layer may read it and find that it was the rest of the exchange before.
    bool disturbed();

    // TLS: start before the handshake. Server side chooses the certificate by SNI; a client sends
    // `server_name`.
    common::Result<> start_tls_server(const TlsContext& context);
    common::Result<> start_tls_client(const TlsContext& context, const std::string& server_name);
    IoResult try_handshake();  // ok when done; would_block: wait for what wants_write() says
    bool wants_write() const;  // what the last TLS call that would block waits for: output (true) or input
    unsigned long tls_error_code() const;  // OpenSSL's of the last TLS failure, 0 without
    std::string tls_error() const;         // the reason of the last TLS failure, empty without
    bool is_tls() const { return tls_ != nullptr; }
    const TlsInfo* tls_info() const;

    // From now on what is read and written is translated.
    void put_on(std::unique_ptr<Layer> layer);
    Layer* layer() const { return layer_.get(); }
    // What the user reads and writes are the bytes of the connection.
    bool is_plain() const { return tls_ == nullptr && layer_ == nullptr; }
    // For the layer.
    IoResult read_below(std::span<char> into);
    IoResult write_below(std::span<const iovec> pieces, bool last);

    IoResult try_read(std::span<char> into);
    // `ok` means that some bytes left, not all. `last`: shutdown_write() or close() follows when all have;
    // what is small then leaves in one packet with the end.
    IoResult try_write(std::span<const iovec> pieces, bool last = false);
    // Plain streams: from the socket into the empty pipe, or from the pipe into the socket.
    IoResult try_splice_in(Pipe& pipe, std::size_t most);
    IoResult try_splice_out(Pipe& pipe);
    bool buffered() const;   // bytes that TLS holds decrypted already: look before waiting
    void release_buffers();  // while the connection idles (TLS)

    int connect_error() const;  // SO_ERROR: 0 when a non-blocking connect has succeeded

    void shutdown_write();  // TCP FIN (TLS: close_notify first)
    void close();           // orderly; with unread input the peer may see a reset
    void reset();           // SO_LINGER 0: tells the peer at once

    common::Endpoint peer() const;   // getpeername, cached
    common::Endpoint local() const;  // getsockname, cached

 private:
    struct Core;  // descriptor, readiness, waiter; one allocation per connection

    std::unique_ptr<Core> core_;
    std::unique_ptr<TlsSession> tls_;
    std::unique_ptr<Layer> layer_;
};

}  // namespace proxyd::net
