// Which rights of root a configuration needs for as long as the process serves.
#pragma once

#include <vector>

#include "common/process/capabilities.h"
#include "proxyd/config/model.h"

namespace proxyd::main {

std::vector<common::process::CapabilityNeed> capability_needs(const config::Model& model);

}  // namespace proxyd::main
