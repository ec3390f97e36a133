// `program` sections (configuration manual 3.7).
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_program(Reading& in, const Statement& line);
void finish_programs(Reading& in);

}  // namespace proxyd::config
