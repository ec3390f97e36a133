// Signals reach the main thread only: it blocks them before the first thread starts, and reads them from a
// signalfd.
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "common/error.h"
#include "common/unique_fd.h"

namespace common::process {

// Blocks every signal but the synchronous ones (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT) in this
// thread and so in the threads it starts.
void block_signals();

// Keeps these pending until a SignalReader reads them: from before a client can connect, so that who signals
// a process that answers meets one that listens.
void hold_signals(std::initializer_list<int> signals);

// Ignores SIGPIPE; sockets report EPIPE instead.
void ignore_sigpipe();

// For a child about to exec: default dispositions, nothing blocked.
void restore_signals();

// A thread with a name (at most 15 bytes, as ps -L shows) that no signal reaches.
template <class Function>
std::thread start_thread(std::string name, Function function);

// Blocks the given signals in this thread and reads them from a descriptor, which fits any event loop.
class SignalReader {
 public:
    static Result<SignalReader> open(std::initializer_list<int> signals);

    int fd() const { return fd_.get(); }
    // The next pending signal; nothing when none is.
    std::optional<int> next() const;

 private:
    UniqueFd fd_;
};

void name_this_thread(const char* name);

template <class Function>
std::thread start_thread(std::string name, Function function) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([name = std::move(name), run = std::move(function)]() mutable {
        block_signals();
        name_this_thread(name.c_str());
        run();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace common::process
