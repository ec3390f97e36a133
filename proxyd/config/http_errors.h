// `http-errors` sections while the configuration is read.
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_http_errors(Reading& in, const Statement& line);
void check_error_pages(Reading& in);  // those that rules name

}  // namespace proxyd::config
