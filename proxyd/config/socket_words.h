// Words about sockets that `bind` and `server` lines share: tcp-ut, cc, namespace, tcp-md5sig (configuration
// manual 5.1 and 5.2). `Access` gives the place in the line's settings.
#pragma once

#include <unistd.h>

#include "common/text.h"
#include "proxyd/config/words.h"
#include "proxyd/net/network_namespace.h"
#include "proxyd/net/socket_options.h"

namespace proxyd::config {

// Complaints, or empty.
std::string read_user_timeout(const std::string& text, net::SocketOptions& out);
std::string read_congestion(const std::string& name, net::SocketOptions& out);
std::string read_md5_password(const std::string& text, net::SocketOptions& out);
std::string read_namespace(const std::string& name, std::string& out);

using SocketReader = std::string (*)(const std::string& text, net::SocketOptions& out);

template <SocketReader read, class Target, auto access>
void set_socket(const WordInput& word, Target& target) {
    if (const std::string complaint = read(word.arguments[0], access(target)); !complaint.empty())
        word.error(complaint);
}

template <class Target, auto access>
void set_namespace(const WordInput& word, Target& target) {
    if (const std::string complaint = read_namespace(word.arguments[0], access(target)); !complaint.empty())
        word.error(complaint);
}

}  // namespace proxyd::config
