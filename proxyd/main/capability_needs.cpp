#include "proxyd/main/capability_needs.h"

#include <linux/capability.h>

namespace proxyd::main {

std::vector<common::process::CapabilityNeed> capability_needs(const config::Model& model) {
    std::vector<common::process::CapabilityNeed> needs;
    for (const auto& proxy : model.proxies) {
        for (const upstream::ServerSettings& server : proxy->upstream.servers) {
            const std::string of = " of server '" + proxy->name + "/" + server.name + "'";
            if (server.source.foreign != upstream::SourceSettings::Foreign::none)
                needs.push_back({CAP_NET_RAW, "'usesrc'" + of});
            if (!server.source.interface.empty()) needs.push_back({CAP_NET_RAW, "'interface'" + of});
            if (!server.network_namespace.empty()) needs.push_back({CAP_SYS_ADMIN, "'namespace'" + of});
        }
    }
    return needs;
}

}  // namespace proxyd::main
