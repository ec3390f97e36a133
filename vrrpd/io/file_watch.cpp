#include "vrrpd/io/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace vrrpd::io {
namespace {

// A file that is being written is looked at when the writer closes it: in between it may be cut or empty.
constexpr unsigned kOfFolder = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                               IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
// Behind a symbolic link the folder's events do not show.
constexpr unsigned kOfFile = IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

common::Result<FileWatch> FileWatch::open() {
    FileWatch watch;
    watch.fd_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!watch.fd_) return common::fail_errno("cannot watch files (inotify)");
    return watch;
}

common::Result<> FileWatch::watch(const std::vector<std::string>& paths) {
    const auto before = std::exchange(names_, {});
    common::Result<> outcome;
    for (const std::string& path : paths) {
        if (auto done = add(path); !done) outcome = done;
    }
    for (const auto& [descriptor, names] : before) {
        if (!names_.contains(descriptor)) ::inotify_rm_watch(fd_.get(), descriptor);
    }
    return outcome;
}

common::Result<> FileWatch::add(const std::string& path) {
    const int file = ::inotify_add_watch(fd_.get(), path.c_str(), kOfFile);
    if (file >= 0) names_[file];
    std::filesystem::path folder(path);
    while (folder.has_relative_path()) {
        const std::string name = folder.filename().string();
        folder = folder.parent_path();
        const int descriptor = ::inotify_add_watch(fd_.get(), folder.c_str(), kOfFolder | IN_ONLYDIR);
        if (descriptor >= 0) {
            names_[descriptor].insert(name);
            return {};
        }
        if (errno != ENOENT && errno != ENOTDIR) break;
    }
    return common::fail_errno("cannot watch " + path);
}

bool FileWatch::receive() {
    bool happened = false;
    alignas(inotify_event) std::array<char, 8192> buffer;
    ssize_t size = 0;
    while ((size = ::read(fd_.get(), buffer.data(), buffer.size())) > 0) {
        for (ssize_t at = 0; at < size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            at += static_cast<ssize_t>(sizeof *event + event->len);
            const auto watched = names_.find(event->wd);
            if (event->mask & IN_Q_OVERFLOW) happened = true;
            // The last event of a watch that was taken back.
            if (watched == names_.end()) continue;
            const bool named = event->len > 0;
            if (!named || watched->second.empty() || watched->second.contains(event->name)) happened = true;
        }
    }
    return happened;
}

}  // namespace vrrpd::io
