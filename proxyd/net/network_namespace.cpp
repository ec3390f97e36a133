#include "proxyd/net/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

namespace proxyd::net {

common::Result<std::shared_ptr<const NetworkNamespace>> NetworkNamespace::open(const std::string& name) {
    common::UniqueFd there(::open((std::string(kNamespaceFolder) + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!there) return common::fail_errno("cannot open the network namespace '" + name + "'");
    common::UniqueFd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!home) return common::fail_errno("cannot open our own network namespace");
    return std::shared_ptr<const NetworkNamespace>(new NetworkNamespace(std::move(there), std::move(home)));
}

common::Result<common::UniqueFd> NetworkNamespace::socket(int family, int type) const {
    const Visit visit(*this);
    if (!visit.entered()) return common::fail_errno("cannot enter a network namespace");
    common::UniqueFd fd(::socket(family, type, 0));
    if (!fd) return common::fail_errno("cannot open a socket");
    return fd;
}

NetworkNamespace::Visit::Visit(const NetworkNamespace& there)
    : there_(there), entered_(::setns(there.there_.get(), CLONE_NEWNET) == 0) {}

NetworkNamespace::Visit::~Visit() {
    if (!entered_ || ::setns(there_.home_.get(), CLONE_NEWNET) == 0) return;
    // All further sockets of this thread would be in the wrong network.
    std::perror("cannot return to our own network namespace");
    std::abort();
}

}  // namespace proxyd::net
