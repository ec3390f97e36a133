// The process's open log targets: sockets, descriptors, files; shared by all sections. Each address is opened
// once. Owner: the observe room.
#pragma once

#include <memory>
#include <string_view>

#include "common/error.h"
#include "proxyd/net/worker.h"
#include "proxyd/observe/ring.h"
#include "proxyd/observe/settings.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::observe {

class LogHub {
 public:
    // `process` counts dropped lines; may be null. `workers`: how many may write batches.
    explicit LogHub(int workers, state::ProcessState* process = nullptr);
    ~LogHub();
    LogHub(const LogHub&) = delete;
    LogHub& operator=(const LogHub&) = delete;

    // Rings that targets may name. Before open().
    void add_ring(const RingSettings& settings);
    std::span<const std::unique_ptr<Ring>> rings() const;

    // Opens a target, or finds it open, and returns its number. Before chroot and the user change: a unix
    // socket that is not there (yet) is no error, a file that cannot be opened is. Main thread, before the
    // workers run.
    common::Result<int> open(const LogTarget& target);

    // Opens files anew, after logrotate moved them, relative to the folder that open() opened (works inside a
    // chroot). Main thread, while workers write. A file that cannot be opened stays the old one; its sentence
    // is returned.
    common::Result<> reopen_files();

    // Queues one whole line for the end of the worker's loop turn. Worker's own thread.
    void queue(net::Worker& worker, int target, std::string_view line);
    // Sends at once, or drops and counts. Any thread.
    void send(int target, std::string_view line);

    std::uint64_t dropped() const;

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
