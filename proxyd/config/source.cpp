#include "proxyd/config/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/unique_fd.h"

namespace proxyd::config {

namespace fs = std::filesystem;

common::Result<std::vector<std::string>> expand_path(const std::string& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return std::vector{path};
    std::vector<std::string> files;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename();
        if (name.ends_with(".cfg") && !name.starts_with('.') && it->is_regular_file())
            files.push_back(it->path());
    }
    if (error) return common::fail_errno("cannot read the folder '" + path + "'", error.value());
    if (files.empty())
        return common::fail("the folder '" + path + "' holds no *.cfg file", common::Side::config);
    std::ranges::sort(files);
    return files;
}

common::Result<std::string> read_file(const std::string& path, std::size_t limit) {
    const common::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return common::fail_errno("cannot open '" + path + "'");
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return common::fail_errno("cannot read '" + path + "'");
    if (S_ISDIR(status.st_mode)) return common::fail("'" + path + "' is a folder", common::Side::config);
    std::string text;
    std::string chunk(64 * 1024, '\0');
    for (;;) {
        const ssize_t count = ::read(file.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return common::fail_errno("cannot read '" + path + "'");
        if (count == 0) return text;
        if (text.size() + static_cast<std::size_t>(count) > limit)
            return common::fail("'" + path + "' is larger than " + std::to_string(limit >> 20) + " MiB",
                                common::Side::config);
        text.append(chunk, 0, static_cast<std::size_t>(count));
    }
}

}  // namespace proxyd::config
