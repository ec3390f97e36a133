// Tells when files may have changed (inotify(7)): written and closed, made, replaced, removed, their folders
// too. Where a folder does not exist the nearest one above it is watched. Not for files that are changed on
// another machine (NFS).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/unique_fd.h"

namespace vrrpd::io {

class FileWatch {
 public:
    static common::Result<FileWatch> open();

    // From now on these, absolute paths. What happened before is not reported: look at the files afterwards.
    common::Result<> watch(const std::vector<std::string>& paths);

    // Readable: call receive(). True: something happened, watch() the files again and look at them.
    int fd() const { return fd_.get(); }
    bool receive();

 private:
    common::Result<> add(const std::string& path);

    common::UniqueFd fd_;
    // By watch descriptor: the names in that folder that matter. A file itself has none: all matters.
    std::map<int, std::set<std::string>> names_;
};

}  // namespace vrrpd::io
