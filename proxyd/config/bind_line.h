// A `bind` line (configuration manual 5.1), also when it stands on a section's first line.
#pragma once

#include "proxyd/config/reading.h"
#include "proxyd/config/words.h"

namespace proxyd::config {

// line: bind ADDRESSES [words]
void read_bind_line(Reading& in, const Statement& line);

std::span<const WordRow<net::BindSettings>> bind_words();
std::span<const WordRow<net::BindSettings>> bind_tls_words();

// "TLSv1.2" -> 12; 0 when unknown. SSLv3, 1.0 and 1.1 are 9, 10, 11.
int tls_version_number(std::string_view name);

}  // namespace proxyd::config
