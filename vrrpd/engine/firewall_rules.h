// What no_accept and VMACs want of the firewall. The rules stand as long as the keeper runs, in any role:
// where an address is not set they match nothing, and a takeover has nothing to do for them.
#pragma once

#include <string>

#include "vrrpd/config/model.h"

namespace vrrpd::engine {

// A script of nft(8) that puts our table in place of whatever is there of that name; empty: no rule is
// needed. Pure.
std::string firewall_script(const config::Config& config);

// A script that removes the table, whether it is there or not.
std::string firewall_removal(const std::string& table);

}  // namespace vrrpd::engine
