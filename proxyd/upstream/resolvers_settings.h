// A `resolvers` section, and what a server line says about its name (configuration manual 5.3).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "common/clock.h"
#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/rules/network.h"

namespace proxyd::upstream {

struct ResolversSettings {
    struct Nameserver {
        std::string name;
        common::Endpoint address;
        bool stream = false;  // asked by TCP
    };
    // How long the last good answer counts while the latest one is of that kind.
    struct Hold {
        common::Duration nx = std::chrono::seconds(30), refused = std::chrono::seconds(30),
                         timeout = std::chrono::seconds(30), other = std::chrono::seconds(30),
                         valid = std::chrono::seconds(10),
                         obsolete{0};  // a record that is not in the answers any more
    };

    common::Location where;
    std::string name;
    std::vector<Nameserver> nameservers;
    Hold hold;
    common::Duration timeout_resolve = std::chrono::seconds(1);  // from one resolution of a name to the next
    common::Duration timeout_retry = std::chrono::seconds(1);    // until a query is sent again
    int retries = 3;         // queries at most before nobody has answered (resolve_retries)
    int payload_size = 512;  // accepted_payload_size
};

// `resolve-prefer`, `resolve-net`, `resolve-opts`.
struct AddressPreference {
    int family = AF_INET6;
    std::vector<rules::Network> networks;
    bool allow_duplicates = false;
    bool ignore_weight = false;  // of SRV records
};

}  // namespace proxyd::upstream
