// The listening sockets of a configuration: adopted where a predecessor left them, else bound.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "proxyd/config/model.h"
#include "proxyd/main/socket_pool.h"

namespace proxyd::main {

// The sockets of one `bind` line, by worker: index i belongs to worker i % workers (open_sockets).
struct ListeningGroup {
    int proxy = 0;  // index into Model::proxies
    int bind = 0;   // index into its binds
    std::vector<common::UniqueFd> sockets;
};

struct ListeningSockets {
    std::vector<ListeningGroup> groups;   // in configuration order
    std::vector<common::UniqueFd> stats;  // by Model::global.stats_sockets
    std::size_t adopted = 0;              // how many came from the pool
};

enum class Conflict : unsigned char {
    refuse,  // an address that someone else listens on is an error, though SO_REUSEPORT would let us share it
    share,   // there is a predecessor whose sockets may still be open
};

// Opens all of them or fails: one sentence per address that could not be had is added to `complaints`. Takes
// what it needs out of the pool.
bool open_listening_sockets(const config::Model& model, int workers, SocketPool& pool, Conflict conflict,
                            ListeningSockets& out, std::vector<std::string>& complaints);

// Duplicates for a forked child or a successor.
void add_to_pool(const ListeningSockets& sockets, SocketPool& pool);

// All descriptors, `bind` lines first.
std::vector<int> descriptors_of(const ListeningSockets& sockets);

// "unix@/run/admin.sock", "127.0.0.1:9999", "fd@5".
std::string name_of(const config::StatsSocket& socket);

}  // namespace proxyd::main
