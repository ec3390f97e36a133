// A `peers` section (configuration manual 3.5). Filled by config/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/net/settings.h"

namespace proxyd::peers {

struct PeerSettings {
    std::string name;
    common::Endpoint address;  // where to connect to; of the local one, where to listen
    common::Location where;
    bool local = false;
    std::shared_ptr<const net::TlsClientSettings> tls;  // of connections to it; null: without encryption
    std::string server_name;                            // that TLS asks for; may be empty
};

// A stick table that the section shares.
struct SharedTable {
    std::string name;  // on the wire: of its section, "/NAME" for a table of the peers section itself
    int proxy = 0;     // index of the section that has it
};

struct Settings {
    std::string name;
    common::Location where;      // line 0: a stick table names it, no section declared it yet
    common::Location mentioned;  // of the first table that names it
    bool disabled = false;
    common::Endpoint bind;  // `bind` line; empty: the local peer's address
    net::TlsServerSettings bind_tls;
    std::vector<PeerSettings> peers;
    std::vector<SharedTable> tables;

    const PeerSettings* local() const {
        for (const PeerSettings& peer : peers)
            if (peer.local) return &peer;
        return nullptr;
    }
};

}  // namespace proxyd::peers
