// The `peers` sections at work (configuration manual 3.5): connections to other processes that share stick
// tables, on a thread of their own. Traffic only leaves marks in the tables.
//
// At the start a process learns from its predecessor, which connects to the local peer's address; when none
// has come for five seconds, from another peer. When it stops it teaches its successor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "proxyd/peers/dialogue.h"
#include "proxyd/peers/settings.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::peers {

// For operators.
struct PeerView {
    struct Table {
        std::string name;
        std::size_t id = 0;
        Dialogue::TableView progress;
        std::uint64_t changes = 0;
    };
    std::string name, address, status;  // HAProxy's words: ESTA, CONN, NONE, ...
    bool local = false, up = false;
    std::int64_t handshake_s = -1;  // since the last one; -1: never
    std::int64_t reconnect_ms = 0;
    std::uint64_t connections = 0, protocol_errors = 0, collisions = 0, silences = 0;
    std::uint64_t heartbeats_in = 0, heartbeats_out = 0;
    std::vector<Table> tables;
};
struct SectionView {
    std::string name;
    bool disabled = false, up_to_date = false;
    std::vector<PeerView> peers;
};

class Peers {
 public:
    Peers();
    ~Peers();  // stops
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    // Opens the section's listening socket, with the privileges of the start. `state` outlives this.
    common::Result<> add(const Settings& settings, state::SharedState& state);
    bool empty() const;
    void start();  // main thread
    // Soft stop: leaves the other peers and teaches the successor; handing_over() until that is done, or has
    // no hope. Main thread.
    void hand_over();
    bool handing_over() const;
    void stop();

    std::vector<SectionView> view() const;  // any thread

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::peers
