#include "common/process/readiness.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>

#include "common/endpoint.h"

namespace common::process {

Result<Readiness> Readiness::to(std::string_view address) {
    const auto endpoint = Endpoint::from_unix(address);
    if (!endpoint) return std::unexpected(endpoint.error());
    Readiness readiness;
    readiness.socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!readiness.socket_) return fail_errno("cannot open a notification socket");
    if (::connect(readiness.socket_.get(), endpoint->data(), endpoint->size()) < 0) {
        return fail_errno("cannot reach the service manager at " + std::string(address));
    }
    return readiness;
}

Readiness Readiness::from_environment() {
    const char* address = std::getenv("NOTIFY_SOCKET");
    if (address == nullptr || *address == '\0') return {};
    auto readiness = to(address);
    ::unsetenv("NOTIFY_SOCKET");
    return readiness ? std::move(*readiness) : Readiness{};
}

Result<> Readiness::send(std::string_view state) const {
    if (!socket_) return {};
    if (::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL) < 0) {
        return fail_errno("cannot notify the service manager");
    }
    return {};
}

void Readiness::ready(std::string_view text, pid_t main_pid) const {
    std::string state = "READY=1\nMAINPID=" + std::to_string(main_pid == 0 ? ::getpid() : main_pid);
    if (!text.empty()) state += "\nSTATUS=" + std::string(text);
    (void)send(state);
}

void Readiness::reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto usec = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    (void)send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

void Readiness::stopping() const {
    (void)send("STOPPING=1");
}

void Readiness::status(std::string_view text) const {
    (void)send("STATUS=" + std::string(text));
}

}  // namespace common::process
