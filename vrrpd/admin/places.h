// Where a keeper keeps its files, and what it is called. Several on one node (`instance NAME`, one per
// network namespace) do not meet in each other's.
#pragma once

#include <string>

#include "vrrpd/admin/options.h"
#include "vrrpd/config/model.h"

namespace vrrpd::admin {

inline constexpr const char* kRunFolder = "/run/vrrpd";

// "", "INSTANCE", "NAMESPACE" or "NAMESPACE_INSTANCE".
std::string own_name(const config::Globals& globals);

std::string state_folder(const config::Globals& globals);
std::string pid_path(const Options& options, const config::Globals& globals);
std::string control_path(const config::Globals& globals);
std::string reload_mark_path(const Options& options, const config::Globals& globals);  // empty: none wanted
std::string dump_path(const config::Globals& globals, const std::string& configured, const char* extension);

std::string log_ident(const config::Globals& globals);     // "vrrpd", "vrrpd_NAME"
std::string process_name(const config::Globals& globals);  // as ps shows it, at most 15 characters

}  // namespace vrrpd::admin
