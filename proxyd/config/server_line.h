// `server`, `server-template` and `default-server` lines (configuration manual 5.2).
#pragma once

#include "proxyd/config/reading.h"
#include "proxyd/config/words.h"

namespace proxyd::config {

void read_server_line(Reading& in, const Statement& line);  // server NAME ADDRESS [words]
void read_server_template_line(Reading& in,
                               const Statement& line);  // server-template PREFIX NUMBER|A-B ADDRESS [words]
void read_default_server_line(Reading& in, const Statement& line);  // default-server words

void read_server_tls_defaults(Reading& in, const Statement& line);  // ssl-default-server-options words

// A server while its line is read; `is_default` for default-server.
struct ServerDraft {
    upstream::ServerSettings settings;
    bool is_default = false;
};

// What only the whole line can tell of its TLS.
void check_server_tls(Reading& in, const Statement& line, const upstream::ServerSettings& server);

std::span<const WordRow<ServerDraft>> server_words();
std::span<const WordRow<ServerDraft>> server_check_words();
std::span<const WordRow<ServerDraft>> server_agent_words();
std::span<const WordRow<ServerDraft>> server_tls_words();
std::span<const WordRow<ServerDraft>> server_algorithm_words();
std::span<const WordRow<ServerDraft>> server_inert_words();

}  // namespace proxyd::config
