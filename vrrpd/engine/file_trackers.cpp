#include "vrrpd/engine/file_trackers.h"

#include "common/logging.h"
#include "common/text.h"
#include "vrrpd/io/track_value.h"

namespace vrrpd::engine {

namespace log = common::log;

FileTrackers::FileTrackers(boost::asio::io_context& io, std::function<void()> changed)
    : changed_(std::move(changed)), watch_(io) {}

FileTrackers::~FileTrackers() {
    if (watch_.is_open()) watch_.release();
}

void FileTrackers::configure(const std::vector<config::TrackFile>& files) {
    auto before = std::exchange(entries_, {});
    for (const config::TrackFile& file : files) {
        const auto known = before.find(file.name);
        if (known != before.end() && known->second.path == file.path) {
            entries_[file.name] = std::move(known->second);
            continue;
        }
        if (file.init) {
            if (auto done = io::init_track_file(file.path, *file.init, file.overwrite); !done) {
                log::error("{}:{}: init_file of track_file {}: {}", file.where.file, file.where.line,
                           file.name, done.error().text);
            }
        }
        entries_[file.name].path = file.path;
    }
    if (!entries_.empty() && !files_) {
        auto opened = io::FileWatch::open();
        if (!opened) {
            log::error("{}: track_file is read at the start and at a reload only", opened.error().text);
        } else {
            files_ = std::move(*opened);
            watch_.assign(files_->fd());
            wait();
        }
    }
    look();
}

void FileTrackers::wait() {
    watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](boost::system::error_code error) {
                          if (error) return;
                          if (files_->receive() && look()) changed_();
                          wait();
                      });
}

// Watched first, then read: nothing falls in between.
bool FileTrackers::look() {
    std::vector<std::string> paths;
    for (const auto& [name, entry] : entries_) paths.push_back(entry.path);
    if (files_) {
        if (auto done = files_->watch(paths); !done) log::error("track_file: {}", done.error().text);
    }
    bool different = false;
    for (auto& [name, entry] : entries_) different = look(name, entry) || different;
    return different;
}

bool FileTrackers::look(const std::string& name, Entry& entry) {
    const auto text = io::read_track_file(entry.path);
    const std::string trouble = text ? "" : text.error().text;
    if (trouble != entry.trouble && !trouble.empty())
        log::error("track_file {}: {}: the former value stays", name, trouble);
    entry.trouble = trouble;
    if (!text) return false;
    const auto value = io::parse_track_value(*text);
    if (!value) {
        log::warning("Invalid number {} read from {} - ignoring", common::trim(*text), entry.path);
        return false;
    }
    const bool first = !std::exchange(entry.looked, true);
    if (*value == entry.value) return false;
    if (!first) log::info("track_file {}: {} says {} (before: {})", name, entry.path, *value, entry.value);
    entry.value = *value;
    return true;
}

fsm::TrackResult FileTrackers::result(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return {};
    return {fsm::Health::good, found->second.value, found->second.trouble};
}

}  // namespace vrrpd::engine
