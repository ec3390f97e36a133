#include "common/process/pid_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "common/text.h"

namespace common::process {

PidFile& PidFile::operator=(PidFile&& other) noexcept {
    remove();
    directory_ = std::move(other.directory_);
    path_ = std::move(other.path_);
    name_ = std::move(other.name_);
    owner_ = other.owner_;
    content_ = std::move(other.content_);
    return *this;
}

Result<PidFile> PidFile::create(const std::string& path, std::span<const pid_t> pids) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    PidFile file;
    file.path_ = path;
    file.name_ = slash == std::string::npos ? path : path.substr(slash + 1);
    if (file.name_.empty()) return fail("pid file '" + path + "' names a folder", Side::config);
    file.directory_.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!file.directory_) return fail_errno("cannot open the folder of the pid file " + path);
    if (auto written = file.write(pids); !written) {
        file.disown();
        return std::unexpected(written.error());
    }
    return file;
}

Result<> PidFile::write(std::span<const pid_t> pids) {
    std::string text;
    for (const pid_t pid : pids) text += std::to_string(pid) + "\n";
    const std::string temporary = name_ + "." + std::to_string(::getpid());
    UniqueFd fd(::openat(directory_.get(), temporary.c_str(),
                         O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail_errno("cannot write the pid file " + path_);
    const bool written = ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                         ::fchmod(fd.get(), 0644) == 0;
    if (!written || ::renameat(directory_.get(), temporary.c_str(), directory_.get(), name_.c_str()) < 0) {
        const int code = errno;
        ::unlinkat(directory_.get(), temporary.c_str(), 0);
        return fail_errno("cannot write the pid file " + path_, code);
    }
    owner_ = ::getpid();
    content_ = std::move(text);
    return {};
}

// By its content: a file system soon gives the inode number of a replaced file to the next one.
bool PidFile::is_ours() const {
    const UniqueFd fd(::openat(directory_.get(), name_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::string found(content_.size() + 1, '\0');
    const ssize_t size = fd ? ::read(fd.get(), found.data(), found.size()) : -1;
    return size >= 0 && std::string_view(found.data(), static_cast<std::size_t>(size)) == content_;
}

void PidFile::remove() {
    if (!directory_ || owner_ != ::getpid()) return;
    if (is_ours()) ::unlinkat(directory_.get(), name_.c_str(), 0);  // may fail after the user change
    directory_.reset();
}

Result<std::vector<pid_t>> read_pid_file(const std::string& path) {
    std::ifstream in(path);
    if (!in) return fail_errno("cannot read the pid file " + path);
    std::vector<pid_t> pids;
    for (std::string line; std::getline(in, line);) {
        if (trim(line).empty()) continue;
        const auto pid = parse_number(trim(line), 1, 1 << 30);
        if (!pid) return fail("pid file " + path + ": '" + line + "' is not a process id");
        pids.push_back(static_cast<pid_t>(*pid));
    }
    return pids;
}

}  // namespace common::process
