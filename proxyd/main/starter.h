// What a lone process and a master do alike when they have begun to serve: pid file, readiness, the end of
// their predecessors, the control socket.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "common/process/daemonize.h"
#include "common/process/pid_file.h"
#include "common/process/readiness.h"
#include "proxyd/admin/control_link.h"
#include "proxyd/main/listening_sockets.h"
#include "proxyd/main/plan.h"
#include "proxyd/main/takeover.h"

namespace proxyd::main {

struct Starter {
    Options options;
    Plan plan;
    Takeover takeover;
    ListeningSockets sockets;
    common::process::Readiness readiness;
    common::process::StartReport report;
    common::process::PidFile pid_file;

    // Takes over and binds; complaints are printed. False: nothing was changed, exit with 1.
    bool open_sockets();

    std::vector<pid_t> predecessors() const;
    bool go_to_background();
    // Null when the default path cannot be had (a notice); false in `ok` when an explicit one cannot.
    std::unique_ptr<admin::ControlLink> open_control(boost::asio::io_context& io,
                                                     admin::ControlLinkSettings settings, bool& ok);
    bool write_pid_file();
    // The process serves: tell the waiting parent and the service manager, and let the predecessors go.
    void serving(const std::string& status);
};

}  // namespace proxyd::main
