// Whole responses from files: `errorfile` of proxies, of http-errors sections and of rules (configuration
// manual 4.2 "errorfile").
#pragma once

#include <memory>
#include <string>

#include "common/error.h"

namespace proxyd::rules {

// The bytes of such a file, its header block with proper line ends; empty: no answer at all (/dev/null).
common::Result<std::shared_ptr<const std::string>> read_error_page(const std::string& path);

}  // namespace proxyd::rules
