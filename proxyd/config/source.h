// Finds and reads configuration files.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/error.h"

namespace proxyd::config {

inline constexpr std::size_t kMaxFileSize = 16U << 20;  // far beyond any written by people or generators

// The path itself, or for a folder its *.cfg files in the order of their names (hidden ones left out).
common::Result<std::vector<std::string>> expand_path(const std::string& path);

// The whole file; refused when it cannot be read or is larger than `limit` bytes.
common::Result<std::string> read_file(const std::string& path, std::size_t limit = kMaxFileSize);

}  // namespace proxyd::config
