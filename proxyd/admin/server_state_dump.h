// `show servers state` and `show servers conn`: formats that state files and tools read.
#pragma once

#include <string>
#include <string_view>

#include "common/error.h"
#include "proxyd/admin/view.h"

namespace proxyd::admin {

// Version 1 of HAProxy's server-state format, of all backends or one. Fails when there is no such backend.
common::Result<std::string> dump_server_state(const View& view, std::string_view backend);
common::Result<std::string> dump_server_connections(const View& view, std::string_view backend);

}  // namespace proxyd::admin
