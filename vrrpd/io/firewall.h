// nftables by way of libnftables, which is loaded only when somebody needs it: a keeper without no_accept
// neither maps nor depends on it.
#pragma once

#include <string>

#include "common/error.h"

namespace vrrpd::io {

// Runs a script of nft(8), all of it or nothing. Takes some milliseconds: for start, reload and end only.
common::Result<> run_nft(const std::string& script);

}  // namespace vrrpd::io
