// How sockets to a server are made when the server line asks for more than an ordinary one: own or foreign
// address, interface, network namespace, TCP options. Made once at the start, before privileges are dropped;
// shared by sessions and health checks. Any thread.
#pragma once

#include <atomic>
#include <memory>

#include "common/endpoint.h"
#include "common/error.h"
#include "common/unique_fd.h"
#include "proxyd/net/network_namespace.h"
#include "proxyd/net/socket_options.h"
#include "proxyd/rules/context.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

class Outgoing {
 public:
    // Opens the namespace. One that is not there leaves a server that cannot be reached; the configuration
    // has been checked for it (reachable()).
    explicit Outgoing(const ServerSettings& server);

    // Nothing but perhaps an own address: connect() need not look.
    bool plain() const { return plain_; }
    common::Result<> reachable() const;

    // Unbound, non-blocking. `peer`: where it will connect.
    common::Result<common::UniqueFd> socket(const common::Endpoint& peer) const;
    // A range of ports to connect from; 0: none.
    int ports() const { return source_.first_port > 0 ? source_.last_port - source_.first_port + 1 : 0; }
    bool has_ports() const { return ports() > 0; }
    // Binds to the next one of them that is free.
    common::Result<> bind_to_range(int fd, const common::Endpoint& own) const;

    const common::Endpoint& own() const { return source_.own; }
    bool shows_foreign() const { return source_.foreign != SourceSettings::Foreign::none; }
    // Whose address a connection for this request shows; empty: own().
    common::Endpoint foreign(const rules::Context& context) const;
    // Connections for different clients differ, and for requests of one client may: rules and headers say
    // what is shown.
    bool differs_by_client() const;
    // Whether a connection that was made for an earlier request shows what this one wants. One call.
    bool fits(int fd, const rules::Context& context) const;

 private:
    const SourceSettings& source_;
    const net::SocketOptions& options_;
    const bool in_namespace_;
    bool plain_ = true;
    std::shared_ptr<const net::NetworkNamespace> namespace_;
    mutable std::atomic<unsigned> next_port_{0};
};

}  // namespace proxyd::upstream
