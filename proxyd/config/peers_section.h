// `peers` sections (configuration manual 3.5).
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_peers(Reading& in, const Statement& line);
// A stick table of a proxy section that names a peers section.
void share_table(Reading& in, const Statement& line, const std::string& section);

// Tables of the sections themselves become sections without sides, named "SECTION/TABLE": before sections are
// numbered.
void add_peer_tables(Reading& in);
// Which table belongs to which section, when all have their numbers.
void finish_peers(Reading& in);

}  // namespace proxyd::config
