// `resolvers` sections while the configuration is read.
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_resolvers(Reading& in, const Statement& line);
void add_default_resolvers(Reading& in);
// Gives servers the sections that they name.
void finish_resolvers(Reading& in, upstream::BackendSettings& backend);
void check_resolvers(Reading& in);

}  // namespace proxyd::config
