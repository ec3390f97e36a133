// The track_file blocks that instances use: their numbers, kept current by inotify.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/config/model.h"
#include "vrrpd/fsm/tracking.h"
#include "vrrpd/io/file_watch.h"

namespace vrrpd::engine {

class FileTrackers {
 public:
    // `changed` is called when a result() has changed, not from within configure().
    FileTrackers(boost::asio::io_context& io, std::function<void()> changed);
    ~FileTrackers();
    FileTrackers(const FileTrackers&) = delete;
    FileTrackers& operator=(const FileTrackers&) = delete;

    // The files to follow from now on. init_file is written for those that were not followed before.
    void configure(const std::vector<config::TrackFile>& files);

    fsm::TrackResult result(const std::string& name) const;

 private:
    struct Entry {
        std::string path;
        std::int32_t value = 0;
        std::string trouble;  // why it cannot be read
        bool looked = false;
    };
    void wait();
    bool look();
    static bool look(const std::string& name, Entry& entry);

    std::function<void()> changed_;
    std::optional<io::FileWatch> files_;
    boost::asio::posix::stream_descriptor watch_;
    std::map<std::string, Entry> entries_;  // by name of the block
};

}  // namespace vrrpd::engine
