// Servers whose addresses come from a `resolvers` section: takes answers over into their states and logs
// HAProxy's lines. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/dns_message.h"
#include "proxyd/upstream/prober.h"

namespace proxyd::upstream {

struct ResolvedServer {
    Backend& backend;
    HealthLog log;
    const ServerSettings& settings;
    state::ServerState& state;
    // Of an SRV record: what this server was given; empty: none is free for it.
    std::string target;
    std::uint16_t port = 0;
    bool own_question = false;  // the target's address did not come along
};

class ResolvedServers {
 public:
    ResolvedServer& add(Backend& backend, HealthLog log, const ServerSettings& settings,
                        state::ServerState& state);

    // Addresses of the name that `server` has; `by`: "section/nameserver", for the log.
    void take_addresses(ResolvedServer& server, std::span<const common::Endpoint> found, std::string_view by);
    // Gives records to the servers of one SRV name: those that have one keep it, the others get what is free.
    // Afterwards `own_question` and `target` say whose address has to be asked for.
    void take_services(std::span<ResolvedServer* const> servers, std::span<const DnsService> found);
    // There is no address (any more): out of service, as in maintenance.
    void give_up(ResolvedServer& server, std::string_view cause);

 private:
    bool taken_by_other(const ResolvedServer& server, const common::Endpoint& address) const;
    void set_address(ResolvedServer& server, common::Endpoint address, std::string_view by);
    void set_service(ResolvedServer& server, const DnsService& service);

    std::vector<std::unique_ptr<ResolvedServer>> servers_;
};

}  // namespace proxyd::upstream
