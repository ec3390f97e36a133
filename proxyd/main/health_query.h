// `proxyd --health [SOCKET]`: asks the running proxy over its control socket, for scripts.
#pragma once

#include <string>

namespace proxyd::main {

// 0: ready; 1: answers but is not ready, or hangs; 2: nobody there. A line for people goes to stdout.
int query_health(const std::string& path);

}  // namespace proxyd::main
