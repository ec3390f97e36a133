#include "proxyd/observe/ring_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "common/unique_fd.h"

namespace proxyd::observe {

common::Result<RingFile> RingFile::create(const std::string& path, std::size_t size) {
    struct stat old{};
    if (::stat(path.c_str(), &old) == 0 && old.st_size > 0) ::rename(path.c_str(), (path + ".bak").c_str());
    common::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return common::fail_errno("cannot create the backing-file " + path);
    // All of it is reserved: a full disk shows now, not as a signal at a later write.
    if (const int error = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size)); error != 0) {
        errno = error;
        return common::fail_errno("no room for the backing-file " + path);
    }
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED) return common::fail_errno("cannot map the backing-file " + path);
    return RingFile(static_cast<char*>(memory), size);
}

RingFile::RingFile(RingFile&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_), at_(other.at_) {}

RingFile::~RingFile() {
    if (memory_ != nullptr) ::munmap(memory_, size_);
}

void RingFile::write(std::string_view line) {
    line = line.substr(0, size_ - 2);  // with its end and the seam
    if (at_ + line.size() + 2 > size_) {
        std::memset(memory_ + at_, '\n', size_ - at_);
        at_ = 0;
    }
    std::memcpy(memory_ + at_, line.data(), line.size());
    at_ += line.size();
    memory_[at_++] = '\n';
    memory_[at_] = '\n';
}

}  // namespace proxyd::observe
