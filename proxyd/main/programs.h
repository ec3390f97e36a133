// The processes of `program` sections, which a master starts beside its workers (configuration manual 3.7).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/error.h"
#include "common/process/privileges.h"
#include "proxyd/config/model.h"

namespace proxyd::main {

// A program and whom it runs as.
struct ProgramLaunch {
    config::Program program;
    common::process::Identity identity;
};

// Fails with the user or group that does not exist.
common::Result<std::vector<ProgramLaunch>> program_launches(const config::Model& model);

// Of the master's only thread.
class Programs {
 public:
    // The programs of the configuration that serves from now on. Those of the former one get SIGUSR1; with
    // `reload`, programs that want no start then are left out. What cannot be started is logged, and ends
    // with 127.
    void start(const std::vector<ProgramLaunch>& launches, const config::Model& model, bool reload);

    void signal(int signal);

    // A process that has ended, `how` in words: logged and forgotten where it is one of ours.
    struct End {
        bool ours = false;
        bool current = false;  // it should have stayed
    };
    End ended(pid_t pid, int code, const char* how);

    bool empty() const { return running_.empty(); }

 private:
    struct Running {
        pid_t pid;
        std::string name;
        bool current;
    };
    std::vector<Running> running_;
};

}  // namespace proxyd::main
