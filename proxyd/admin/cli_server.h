// The runtime API on `stats socket` (management manual 9.3): takes command lines from operators' tools and
// answers them. Runs on a thread of its own: no amount of commands delays traffic.
//
// Places are bounded (`stats maxconn`); when all are taken the connection that has been idle longest gives
// way, so that an admin gets in whatever others hold open. Lines are bounded to kMaxCommand bytes.
#pragma once

#include <memory>
#include <string>

#include "common/clock.h"
#include "common/unique_fd.h"
#include "proxyd/admin/view.h"

namespace proxyd::admin {

struct CliSocket {
    common::UniqueFd listener;  // bound and listening
    std::string name;           // "unix@/run/haproxy/admin.sock", for `show cli sockets`
    config::StatsSocket::Level level = config::StatsSocket::Level::oper;
    bool expose_listeners = false;
};

class CliServer {
 public:
    CliServer(View view, common::Duration idle_timeout, int max_connections);
    ~CliServer();  // stops
    CliServer(const CliServer&) = delete;
    CliServer& operator=(const CliServer&) = delete;

    void add(CliSocket socket);  // before start()
    bool empty() const;
    void start();  // signals must be blocked in the calling thread
    void stop();   // closes everything, joins the thread

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::admin
