// `script "</path"`: the check is good when the file can be opened for reading. Runs in a child of the helper
// process, as the script's user; a file system that hangs holds up nobody.
#pragma once

#include <string>
#include <string_view>

#include "common/process/helper_process.h"

namespace vrrpd::io {

// Status 0, or the errno of open(2), as keepalived's.
int test_file(std::string_view path, std::string& text);

inline constexpr common::process::HelperTask kFileTestTask{"file", test_file};

}  // namespace vrrpd::io
