#include "proxyd/main/open_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "common/text.h"
#include "proxyd/net/network_namespace.h"

namespace proxyd::main {

namespace {

using common::UniqueFd;
using Opened = common::Result<UniqueFd>;

constexpr int kBacklog = 4096;  // the kernel lowers it to net.core.somaxconn

std::string cannot(const net::BindSettings& bind, const char* what) {
    return std::string("cannot ") + what + " " + bind.text;
}

bool set_option(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

common::Result<> set_ip_options(int fd, const net::BindSettings& bind) {
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind.reuse_port && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return common::fail_errno(cannot(bind, "share the port of"));
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // accepted connections inherit this
    if (bind.address.family() == AF_INET6) {
        // As HAProxy: `:::80` alone takes IPv6 only where the system says so; v4v6 and v6only decide.
        if (bind.v4v6 || bind.v6only) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, bind.v6only ? 1 : 0);
    }
    if (bind.transparent &&
        !set_option(fd, bind.address.family() == AF_INET6 ? int{IPPROTO_IPV6} : int{IPPROTO_IP},
                    bind.address.family() == AF_INET6 ? int{IPV6_TRANSPARENT} : int{IP_TRANSPARENT}, 1)) {
        return common::fail_errno(cannot(bind, "use 'transparent' on"));
    }
    if (!bind.interface.empty() && ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bind.interface.c_str(),
                                                static_cast<socklen_t>(bind.interface.size() + 1)) != 0) {
        return common::fail_errno(cannot(bind, ("use interface " + bind.interface + " for").c_str()));
    }
    if (auto set = net::set_options(fd, bind.socket); !set)
        return common::fail(cannot(bind, "listen on") + ": " + set.error().text);
    if (bind.defer_accept) set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
    if (bind.tfo) set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, kBacklog);
    return {};
}

Opened open_ip(const net::BindSettings& bind) {
    auto made = make_socket(bind);
    if (!made) return made;
    UniqueFd fd = std::move(*made);
    if (auto set = set_ip_options(fd.get(), bind); !set) return std::unexpected(set.error());
    if (::bind(fd.get(), bind.address.data(), bind.address.size()) != 0)
        return common::fail_errno(cannot(bind, "bind to"));
    if (::listen(fd.get(), bind.backlog > 0 ? bind.backlog : kBacklog) != 0) {
        return common::fail_errno(cannot(bind, "listen on"));
    }
    return fd;
}

common::Result<> set_owner(const net::BindSettings& bind, const std::string& path) {
    uid_t user = static_cast<uid_t>(-1);
    gid_t group = static_cast<gid_t>(-1);
    const auto user_number = common::parse_number(bind.user, 0, INT32_MAX);  // uid, gid
    const auto group_number = common::parse_number(bind.group, 0, INT32_MAX);
    if (user_number) {
        user = static_cast<uid_t>(*user_number);
    } else if (!bind.user.empty()) {
        const passwd* entry = ::getpwnam(bind.user.c_str());
        if (!entry) return common::fail("unknown user '" + bind.user + "' for " + bind.text);
        user = entry->pw_uid;
    }
    if (group_number) {
        group = static_cast<gid_t>(*group_number);
    } else if (!bind.group.empty()) {
        const ::group* entry = ::getgrnam(bind.group.c_str());
        if (!entry) return common::fail("unknown group '" + bind.group + "' for " + bind.text);
        group = entry->gr_gid;
    }
    if ((!bind.user.empty() || !bind.group.empty()) && ::chown(path.c_str(), user, group) != 0) {
        return common::fail_errno(cannot(bind, "change the owner of"));
    }
    if (bind.mode >= 0 && ::chmod(path.c_str(), static_cast<mode_t>(bind.mode)) != 0) {
        return common::fail_errno(cannot(bind, "change the mode of"));
    }
    return {};
}

// Bound under a temporary name and renamed over the old one: at no moment does a client find nothing there.
Opened open_unix(const net::BindSettings& bind) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return common::fail_errno(cannot(bind, "open a socket for"));
    const std::string path = bind.address.ip();
    const bool abstract = path.starts_with('@');
    const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
    auto address =
        abstract ? common::Result<common::Endpoint>(bind.address) : common::Endpoint::from_unix(temporary);
    if (!address) return std::unexpected(address.error());
    if (!abstract) ::unlink(temporary.c_str());
    if (::bind(fd.get(), address->data(), address->size()) != 0)
        return common::fail_errno(cannot(bind, "bind to"));
    if (!abstract) {
        if (auto owned = set_owner(bind, temporary); !owned) {
            ::unlink(temporary.c_str());
            return std::unexpected(owned.error());
        }
    }
    if (::listen(fd.get(), bind.backlog > 0 ? bind.backlog : kBacklog) != 0) {
        return common::fail_errno(cannot(bind, "listen on"));
    }
    if (!abstract && ::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return common::fail_errno(cannot(bind, "put a socket at"), error);
    }
    return fd;
}

Opened inherit(const net::BindSettings& bind) {
    int listening = 0;
    socklen_t size = sizeof listening;
    if (::getsockopt(bind.inherited_fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0) {
        return common::fail_errno(cannot(bind, "use the inherited descriptor"));
    }
    // The original stays open, as a reload of ours may need it again.
    UniqueFd fd(::fcntl(bind.inherited_fd, F_DUPFD_CLOEXEC, 3));
    if (!fd) return common::fail_errno(cannot(bind, "duplicate"));
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (!listening && ::listen(fd.get(), kBacklog) != 0) return common::fail_errno(cannot(bind, "listen on"));
    return fd;
}

}  // namespace

common::Result<UniqueFd> make_socket(const net::BindSettings& bind) {
    constexpr int kType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (bind.network_namespace.empty()) {
        UniqueFd fd(::socket(bind.address.family(), kType, 0));
        if (!fd) return common::fail_errno(cannot(bind, "open a socket for"));
        return fd;
    }
    auto there = net::NetworkNamespace::open(bind.network_namespace);
    Opened fd = there ? (*there)->socket(bind.address.family(), kType) : std::unexpected(there.error());
    if (!fd) return common::fail(cannot(bind, "open a socket for") + ": " + fd.error().text);
    return fd;
}

std::vector<UniqueFd> adopt_sockets(std::vector<UniqueFd> taken, int count) {
    const std::size_t had = taken.size();
    for (std::size_t i = had; had > 0 && i < static_cast<std::size_t>(count); ++i) {
        UniqueFd copy(::fcntl(taken[i % had].get(), F_DUPFD_CLOEXEC, 3));
        if (copy) taken.push_back(std::move(copy));
    }
    return taken;
}

common::Result<std::vector<UniqueFd>> open_sockets(const net::BindSettings& bind, int count) {
    const bool ip = bind.address.is_ip();
    const bool per_worker = bind.inherited_fd < 0 && ip && bind.reuse_port;
    std::vector<UniqueFd> sockets;
    for (int i = 0; i < (per_worker ? count : 1); ++i) {
        Opened fd = bind.inherited_fd >= 0 ? inherit(bind) : ip ? open_ip(bind) : open_unix(bind);
        if (!fd) return std::unexpected(fd.error());
        sockets.push_back(std::move(*fd));
    }
    return adopt_sockets(std::move(sockets), count);
}

}  // namespace proxyd::main
