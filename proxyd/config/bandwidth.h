// `filter bwlim-in`, `filter bwlim-out`.
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void add_bandwidth_filter(Reading& in, const Statement& line);
void check_bandwidth_filters(Reading& in);  // those that rules name

}  // namespace proxyd::config
