#include "proxyd/main/capability_needs.h"

#include <linux/capability.h>

namespace proxyd::main {

namespace {

using common::process::CapabilityNeed;

void add_needs(const upstream::ServerSettings& server, const std::string& of,
               std::vector<CapabilityNeed>& needs) {
    if (server.source.foreign != upstream::SourceSettings::Foreign::none)
        needs.push_back({CAP_NET_RAW, "'usesrc'" + of});
    if (!server.source.interface.empty()) needs.push_back({CAP_NET_RAW, "'interface'" + of});
    if (!server.network_namespace.empty()) needs.push_back({CAP_SYS_ADMIN, "'namespace'" + of});
}

}  // namespace

std::vector<CapabilityNeed> capability_needs(const config::Model& model) {
    std::vector<CapabilityNeed> needs;
    for (const auto& proxy : model.proxies) {
        for (const upstream::ServerSettings& server : proxy->upstream.servers)
            add_needs(server, " of server '" + proxy->name + "/" + server.name + "'", needs);
        if (proxy->upstream.direct != nullptr)
            add_needs(*proxy->upstream.direct, " of '" + proxy->name + "'", needs);
    }
    return needs;
}

}  // namespace proxyd::main
