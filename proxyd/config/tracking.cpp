// `track`: finds the servers that others follow, when all are read.
#include <algorithm>
#include <set>

#include "common/keyword_table.h"
#include "proxyd/config/reading.h"

namespace proxyd::config {
namespace {

using upstream::ServerSettings;

ServerSettings* find(Reading& in, std::string_view backend, std::string_view name) {
    for (const auto& draft : in.proxies) {
        if (!draft->settings->is_backend || draft->name != backend) continue;
        auto& servers = draft->settings->upstream.servers;
        const auto found = std::ranges::find(servers, name, &ServerSettings::name);
        if (found != servers.end()) return &*found;
    }
    return nullptr;
}

void look_up(Reading& in, const std::string& backend, ServerSettings& server) {
    const auto slash = server.track.find('/');
    const std::string section = slash == std::string::npos ? backend : server.track.substr(0, slash);
    const std::string name = slash == std::string::npos ? server.track : server.track.substr(slash + 1);
    if (find(in, section, name) == nullptr) {
        in.out.error(server.where, "server '" + server.name + "': unable to find the server '" + section +
                                       "/" + name + "' that it tracks");
        return;
    }
    server.tracked_backend = section;
    server.tracked_server = name;
}

// The end of the chain must be known to be up or down by itself.
void follow(Reading& in, const ServerSettings& server) {
    std::set<const ServerSettings*> seen{&server};
    const ServerSettings* at = &server;
    while (!at->tracked_server.empty()) {
        at = find(in, at->tracked_backend, at->tracked_server);
        if (!seen.insert(at).second) {
            in.out.error(server.where, "server '" + server.name + "': tracking '" + server.track +
                                           "' leads round in a circle");
            return;
        }
    }
    if (at != &server && at->track.empty() && !at->check.enabled && !at->agent.enabled)
        in.out.error(server.where, "server '" + server.name + "' tracks '" + at->name +
                                       "', which has neither 'check' nor 'agent-check'");
}

}  // namespace

void finish_tracking(Reading& in) {
    for (const auto& draft : in.proxies)
        for (ServerSettings& server : draft->settings->upstream.servers)
            if (!server.track.empty()) look_up(in, draft->name, server);
    for (const auto& draft : in.proxies)
        for (const ServerSettings& server : draft->settings->upstream.servers) follow(in, server);
}

void check_server_ids(Reading& in) {
    for (const auto& draft : in.proxies) {
        std::set<int> taken;
        for (const ServerSettings& server : draft->settings->upstream.servers)
            if (server.id != 0 && !taken.insert(server.id).second)
                in.out.error(server.where, "server '" + server.name + "': the id " +
                                               std::to_string(server.id) + " is taken already");
    }
}

}  // namespace proxyd::config
