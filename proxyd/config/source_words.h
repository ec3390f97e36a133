// `source ADDRESS[:PORT[-PORT]] [usesrc ...] [interface NAME]`: of a section, and as words of a server line
// (configuration manual 4.2 and 5.2).
#pragma once

#include "proxyd/config/reading.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::config {

// The complaint, or empty.
std::string read_source_address(const std::string& text, upstream::SourceSettings& out);
// client, clientip, hdr_ip(NAME[,OCCURRENCE]), ADDRESS[:PORT]
std::string read_foreign_source(const std::string& text, upstream::SourceSettings& out);
std::string read_source_interface(const std::string& text, upstream::SourceSettings& out);

void read_source_line(Reading& in, const Statement& line);  // source words, of a section

}  // namespace proxyd::config
