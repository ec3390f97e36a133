// Listening sockets that a process may adopt: those of its predecessor, or of the master that forked it. Each
// address may have several (a SO_REUSEPORT group); connections wait in every one of them, so none may be
// closed unless its address is given up.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/endpoint.h"
#include "common/unique_fd.h"

namespace proxyd::main {

// What makes two listening sockets interchangeable: address, interface, IPv6-only. Empty for a descriptor
// that is no listening stream socket.
std::string socket_key(int fd);
std::string socket_key(const common::Endpoint& address, const std::string& interface, bool v6only,
                       std::uint64_t name_space = 0);

// Names the network namespace of a socket; 0: ours.
std::uint64_t foreign_namespace(int fd);

class SocketPool {
 public:
    void add(common::UniqueFd fd);  // closes what is no listening socket, and second descriptors of one
    // All sockets of one key; the pool forgets them.
    std::vector<common::UniqueFd> take(const std::string& key);
    bool empty() const { return sockets_.empty(); }
    std::size_t size() const;

 private:
    std::map<std::string, std::vector<common::UniqueFd>> sockets_;
    std::set<ino_t> known_;
};

}  // namespace proxyd::main
