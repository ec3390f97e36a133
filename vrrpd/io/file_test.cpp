#include "vrrpd/io/file_test.h"

#include <fcntl.h>

#include <cerrno>

#include "common/unique_fd.h"

namespace vrrpd::io {

int test_file(std::string_view path, std::string&) {
    const common::UniqueFd fd(
        ::open(std::string(path).c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    return fd ? 0 : errno;
}

}  // namespace vrrpd::io
