#include "vrrpd/io/track_value.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include "common/unique_fd.h"

namespace vrrpd::io {

std::optional<std::int32_t> parse_track_value(std::string_view text) {
    const std::string ended(text);
    errno = 0;
    const long value = std::strtol(ended.c_str(), nullptr, 0);
    using Limits = std::numeric_limits<std::int32_t>;
    if (errno == ERANGE || value < Limits::min() || value > Limits::max()) return std::nullopt;
    return static_cast<std::int32_t>(value);
}

common::Result<std::string> read_track_file(const std::string& path) {
    // A pipe or a terminal in its place must not stop us.
    const common::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::string();
    struct stat info{};
    if (!fd || ::fstat(fd.get(), &info) < 0) return common::fail_errno("cannot read " + path);
    if (!S_ISREG(info.st_mode)) return common::fail(path + " is not a regular file");
    std::array<char, 128> text;
    const ssize_t size = ::read(fd.get(), text.data(), text.size());
    if (size < 0) return common::fail_errno("cannot read " + path);
    return std::string(text.data(), static_cast<std::size_t>(size));
}

common::Result<> init_track_file(const std::string& path, std::int32_t value, bool overwrite) {
    const int create = overwrite ? O_CREAT | O_TRUNC | O_NONBLOCK : O_CREAT | O_EXCL;
    const common::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC | create, 0644));
    if (!fd && !overwrite && errno == EEXIST) return {};
    const std::string text = std::to_string(value) + "\n";
    if (!fd || ::write(fd.get(), text.data(), text.size()) < 0)
        return common::fail_errno("cannot write " + path);
    return {};
}

}  // namespace vrrpd::io
