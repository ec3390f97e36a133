// A `log-forward` section (configuration manual 3.10). Filled by config/.
#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/net/settings.h"
#include "proxyd/observe/settings.h"

namespace proxyd::observe {

struct ForwardSettings {
    std::string name;
    common::Location where;
    struct Door {
        common::Location where;
        common::Endpoint address;
        bool datagram = false;
        net::TlsServerSettings tls;
    };
    std::vector<Door> doors;
    int maxconn = 10;
    int backlog = 0;                     // 0: as many as maxconn
    common::Duration timeout_client{0};  // of silence; 0: none
    std::vector<LogTarget> targets;
};

}  // namespace proxyd::observe
