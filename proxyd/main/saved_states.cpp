#include "proxyd/main/saved_states.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "common/logging.h"
#include "proxyd/upstream/server_state_file.h"

namespace proxyd::main {
namespace {

namespace log = common::log;
using upstream::SavedStates;

// Relative names are found in server-state-base, if there is one.
std::string path_of(const config::Global& global, const std::string& name) {
    if (name.starts_with('/') || global.server_state_base.empty()) return name;
    return global.server_state_base + "/" + name;
}

std::optional<SavedStates> read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        log::warning("cannot open the server state file {}: {}", path, std::strerror(errno));
        return std::nullopt;
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto states = upstream::parse_server_states(text);
    if (!states) {
        log::warning("{}: no server state is loaded: {}", path, states.error().text);
        return std::nullopt;
    }
    for (const SavedStates::Complaint& complaint : states->complaints)
        log::warning("{}:{}: this server's state is not loaded: the line {}", path, complaint.line,
                     complaint.text);
    return std::move(*states);
}

// Each file is read once, however many sections use it.
class Files {
 public:
    const SavedStates* get(const std::string& path) {
        const auto [found, is_new] = files_.try_emplace(path);
        if (is_new) found->second = read_file(path);
        return found->second ? &*found->second : nullptr;
    }

 private:
    std::map<std::string, std::optional<SavedStates>> files_;
};

std::string file_of(const config::Global& global, const session::ProxySettings& proxy) {
    const upstream::BackendSettings& backend = proxy.upstream;
    if (backend.state_file == upstream::StateFile::global) return path_of(global, global.server_state_file);
    return path_of(global, backend.state_file_name.empty() ? proxy.name : backend.state_file_name);
}

}  // namespace

void load_saved_states(const config::Model& model, state::SharedState& state) {
    Files files;
    const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count();
    for (std::size_t i = 0; i < model.proxies.size(); ++i) {
        const session::ProxySettings& proxy = *model.proxies[i];
        const bool wanted = proxy.is_backend && !proxy.upstream.servers.empty() &&
                            proxy.upstream.state_file != upstream::StateFile::none;
        if (!wanted) continue;
        const SavedStates* states = files.get(file_of(model.global, proxy));
        if (states == nullptr) continue;
        for (std::size_t s = 0; s < proxy.upstream.servers.size(); ++s) {
            const upstream::ServerSettings& server = proxy.upstream.servers[s];
            if (const auto* saved = upstream::find_saved(*states, proxy.name, server))
                upstream::apply_saved(*saved, server, *state.proxies[i]->servers[s], now_ms);
        }
    }
}

}  // namespace proxyd::main
