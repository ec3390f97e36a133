// Runs the programs of external checks below a helper process that is forked before privileges and chroot are
// taken away, so that they are found where the configuration says (configuration manual 4.2, option
// external-check). They run as the user whom this process has become.
#pragma once

#include <functional>
#include <memory>

#include "common/error.h"
#include "common/process/helper_messages.h"

namespace proxyd::upstream {

struct ProgramResult {
    bool started = false;
    bool timed_out = false;
    int status = 0;         // exit status; 128 and the signal when one killed it
    std::string text = {};  // why it was not started
};

class ProgramRunner {
 public:
    using Done = std::function<void(ProgramResult result)>;

    ProgramRunner();
    ~ProgramRunner();  // stops

    // Before any thread, and before privileges are dropped.
    common::Result<> fork_helper();
    void start();
    void stop();
    // Any thread, after start(); `done` is called once, on the runner's thread. The id of the job is ours.
    void run(common::process::HelperJob job, Done done);

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
