// `cache` sections (configuration manual 6.2.1).
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_cache(Reading& in, const Statement& line);
// Numbers those that are declared, and checks that those that rules name are.
void finish_caches(Reading& in);

}  // namespace proxyd::config
