// `proxyd --quick LISTEN=SERVER[,SERVER...]`: a reverse proxy without a file.
#pragma once

#include <string>
#include <string_view>

#include "common/error.h"

namespace proxyd::config {

// ":8080=127.0.0.1:9000,web2:9000" as the text of a configuration for load_text(): HTTP, timeouts,
// X-Forwarded-For, health checks when there is more than one server, one log line per request on stdout.
common::Result<std::string> quick_configuration(std::string_view argument);

}  // namespace proxyd::config
