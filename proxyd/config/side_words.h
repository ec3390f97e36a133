// Words behind the addresses of `server` and `bind` lines outside proxies (peers, rings, log relays): what
// they say of TLS counts, the rest has no effect.
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

// `lines`: "connections of rings", for the complaints. False after an error. What is not mentioned stays.
bool read_side_server(Reading& in, const Statement& line, std::span<const std::string> words,
                      std::string_view lines, upstream::ServerSettings& server);
bool read_side_bind(Reading& in, const Statement& line, std::span<const std::string> words,
                    std::string_view lines, net::BindSettings& bind);

// Of a `server ... ssl`: the settings of its connections; null without TLS.
std::shared_ptr<const net::TlsClientSettings> side_tls(const upstream::ServerSettings& server);
// The name that TLS asks it for; empty: none.
std::string side_server_name(const upstream::ServerSettings& server);

}  // namespace proxyd::config
