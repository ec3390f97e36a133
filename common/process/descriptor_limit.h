// How many descriptors the process may open, and what that means for connections.
#pragma once

#include <cstdint>

#include "common/error.h"

namespace common::process {

// Raises the soft limit, and as root the hard one, to at least `wanted`. Returns the soft limit in force
// afterwards, which may be lower than asked for: the caller then lowers its maxconn and says so.
Result<std::uint64_t> raise_descriptor_limit(std::uint64_t wanted);

std::uint64_t descriptor_limit();

// Pure. A proxied connection takes two descriptors (and a spliced one shares pipes out of `reserved`).
std::uint64_t descriptors_for(std::uint64_t maxconn, std::uint64_t reserved);
std::uint64_t maxconn_within(std::uint64_t limit, std::uint64_t reserved);

}  // namespace common::process
