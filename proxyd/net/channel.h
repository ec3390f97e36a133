// A connected socket, plain or TLS, for threads that poll: peers, rings, log relays. Calls never block; TLS
// shakes hands by itself as part of the first ones. One thread.
#pragma once

#include <poll.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/unique_fd.h"
#include "proxyd/net/stream.h"

namespace proxyd::net {

class Channel {
 public:
    Channel();
    // Takes a non-blocking descriptor, which may still be connecting.
    explicit Channel(common::UniqueFd fd);
    Channel(Channel&&) noexcept;
    Channel& operator=(Channel&&) noexcept;
    ~Channel();  // closes; with TLS it says so first

    explicit operator bool() const;
    int fd() const;  // -1: none

    // Before the first byte.
    common::Result<> start_tls_server(const TlsContext& context);
    common::Result<> start_tls_client(const TlsContext& context, const std::string& server_name);

    // While a handshake is under way both say would_block, or that it has failed (EPROTO).
    IoResult receive(std::span<char> into);
    IoResult send(std::string_view data);
    // What to poll for; `output`: there is something to send.
    short interest(bool output) const;
    // Something is here that poll() knows nothing of.
    bool buffered() const;
    bool established() const;  // no handshake is due any more

    int connect_error() const;  // SO_ERROR

 private:
    struct Core;
    bool shake_hands(IoResult& result);
    std::unique_ptr<Core> core_;
};

}  // namespace proxyd::net
