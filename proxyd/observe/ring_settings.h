// A `ring` section (configuration manual 3.9). Filled by config/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/net/settings.h"
#include "proxyd/observe/settings.h"

namespace proxyd::observe {

struct RingSettings {
    std::string name, description;
    common::Location where;
    LogTarget::Format format = LogTarget::Format::raw;
    std::size_t max_length = 16384;  // of an event, header included
    std::size_t size = 16384;        // bytes of all events
    std::string backing_file;        // where they outlive the process; empty: in memory only
    struct Server {
        std::string name;
        common::Endpoint address;
        bool octet_count = false;                           // RFC 6587 section 3.4.1; else lines
        std::shared_ptr<const net::TlsClientSettings> tls;  // null: without encryption
        std::string server_name;                            // that TLS asks for; may be empty
    };
    std::vector<Server> servers;
    common::Duration timeout_connect{0}, timeout_server{0};  // 0: none
};

}  // namespace proxyd::observe
