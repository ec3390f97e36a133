// What `show servers state` has written, read at the start (management manual 9.3, format version 1;
// configuration manual 4.2, load-server-state-from-file): how the servers were before a reload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

// srv_op_state and srv_admin_state of the format.
enum class SavedOperation : unsigned char { stopped = 0, starting = 1, running = 2, stopping = 3 };
enum SavedAdmin : unsigned {
    kSavedForcedMaintenance = 0x01,
    kSavedConfiguredMaintenance = 0x04,  // `disabled` of the configuration at that time
    kSavedForcedDrain = 0x08,
};

struct SavedServer {
    int line = 0;
    std::string backend, name;
    int id = 0;
    bool own_id = false;       // the number stood in the configuration
    common::Endpoint address;  // without port; empty: there was none
    SavedOperation operation = SavedOperation::running;
    unsigned admin = 0;
    int weight = 1;            // at that time
    int initial_weight = 1;    // of the configuration at that time
    std::int64_t since_s = 0;  // the last change, seconds before
    std::string host;          // name; empty: none
    int port = 0;
};

// Lines that cannot be read are skipped whole.
struct SavedStates {
    struct Complaint {
        int line = 0;
        std::string text;
    };
    std::vector<SavedServer> servers;
    std::vector<Complaint> complaints;
};

// Fails with a sentence when it is no such file, or of another version.
common::Result<SavedStates> parse_server_states(std::string_view text);

// The line about a server of the backend: by name, else by a number that both configurations give. Null:
// none.
const SavedServer* find_saved(const SavedStates& states, std::string_view backend,
                              const ServerSettings& server);

// Makes a fresh server be as it was. Where the configuration has changed in between, it counts. Before
// threads run. `now_ms`: CLOCK_REALTIME.
void apply_saved(const SavedServer& saved, const ServerSettings& settings, state::ServerState& server,
                 std::int64_t now_ms);

}  // namespace proxyd::upstream
