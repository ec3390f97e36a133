#include "common/process/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace common::process {

void block_signals() {
    sigset_t set;
    sigfillset(&set);
    // Faults of this very thread: blocked, they would end the process without their handler.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&set, fault);
    pthread_sigmask(SIG_SETMASK, &set, nullptr);
}

void hold_signals(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : signals) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void ignore_sigpipe() {
    std::signal(SIGPIPE, SIG_IGN);
}

void restore_signals() {
    for (int number = 1; number < NSIG; ++number)
        std::signal(number, SIG_DFL);  // KILL and STOP refuse, rightly
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

Result<SignalReader> SignalReader::open(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : signals) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    SignalReader reader;
    reader.fd_.reset(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!reader.fd_) return fail_errno("cannot open a signal descriptor");
    return reader;
}

std::optional<int> SignalReader::next() const {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

void name_this_thread(const char* name) {
    pthread_setname_np(pthread_self(), name);
}

}  // namespace common::process
