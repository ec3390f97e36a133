// A `bind` line (configuration manual 5.1), also when it stands on a section's first line.
#pragma once

#include "proxyd/config/reading.h"
#include "proxyd/config/words.h"

namespace proxyd::config {

// line: bind ADDRESSES [words]
void read_bind_line(Reading& in, const Statement& line);

std::span<const WordRow<net::BindSettings>> bind_words();
std::span<const WordRow<net::BindSettings>> bind_crt_words();
std::span<const WordRow<net::BindSettings>> bind_tls_words();
std::span<const WordRow<net::BindSettings>> bind_algorithm_words();

// What only the whole line can tell: whether its TLS words fit each other.
void check_bind_tls(Reading& in, const Statement& line, const net::BindSettings& bind);

// line: ssl-default-bind-options [words]
void read_bind_tls_defaults(Reading& in, const Statement& line);

}  // namespace proxyd::config
