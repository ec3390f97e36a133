// Texts of keepalived.conf, read as vrrpd reads files.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "vrrpd/config/load.h"

namespace vrrpd {

struct Loaded {
    config::Config config;
    common::Diagnostics diagnostics;
    bool complains_of(std::string_view text) const {
        return std::ranges::any_of(diagnostics.all(), [&](const common::Diagnostic& d) {
            return common::Diagnostics::format(d).find(text) != std::string::npos;
        });
    }
};

inline Loaded load(std::string_view text) {
    Loaded out;
    out.config = config::load_text(text, "test.conf", {"node1"}, out.diagnostics);
    return out;
}

// A whole instance with `more` inside.
inline Loaded instance(const std::string& more, const std::string& before = {}) {
    return load(before +
                "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress "
                "{\n192.168.36.100\n}\n" +
                more + "\n}\n");
}

}  // namespace vrrpd
