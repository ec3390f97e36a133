// The file behind a ring (configuration manual 3.9, backing-file): the latest lines, where they outlive the
// process, whatever ends it. A mapped file of fixed size; lines go round in it, and the newest one is the
// last before the empty line that marks the seam. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/error.h"

namespace proxyd::observe {

class RingFile {
 public:
    // Creates PATH with mode 0600 and its whole size; what was there becomes PATH.bak (a failure of that is
    // no error: then it is overwritten).
    static common::Result<RingFile> create(const std::string& path, std::size_t size);
    RingFile(RingFile&& other) noexcept;
    RingFile& operator=(RingFile&&) = delete;
    ~RingFile();

    // A line without its end; longer ones than the file are cut.
    void write(std::string_view line);

 private:
    RingFile(char* memory, std::size_t size) : memory_(memory), size_(size) {}
    char* memory_ = nullptr;
    std::size_t size_ = 0, at_ = 0;
};

}  // namespace proxyd::observe
