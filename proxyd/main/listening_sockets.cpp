#include "proxyd/main/listening_sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "proxyd/main/open_socket.h"

namespace proxyd::main {
namespace {

using common::Result;
using common::UniqueFd;

// What an IPv6 socket does when the bind line does not say.
bool v6only_by_default() {
    const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int value = 0;
    socklen_t size = sizeof value;
    return probe && ::getsockopt(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, &value, &size) == 0 && value == 1;
}

bool v6only(const net::BindSettings& bind) {
    if (bind.address.family() != AF_INET6) return false;
    return bind.v6only || (!bind.v4v6 && v6only_by_default());
}

// Whether someone else listens there. SO_REUSEPORT, which our own sockets have, would silently share the
// port.
Result<> check_unused(const net::BindSettings& bind) {
    if (bind.inherited_fd >= 0 || !bind.address.is_ip() || bind.address.port() == 0) return {};
    const auto made = make_socket(bind);
    if (!made) return std::unexpected(made.error());
    const UniqueFd& probe = *made;
    const int on = 1, only = v6only(bind) ? 1 : 0;
    ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind.address.family() == AF_INET6)
        ::setsockopt(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    if (!bind.interface.empty()) {
        ::setsockopt(probe.get(), SOL_SOCKET, SO_BINDTODEVICE, bind.interface.c_str(),
                     static_cast<socklen_t>(bind.interface.size() + 1));
    }
    if (::bind(probe.get(), bind.address.data(), bind.address.size()) < 0 && errno == EADDRINUSE) {
        return common::fail_errno("cannot bind to " + bind.text);
    }
    return {};
}

net::BindSettings as_bind(const config::StatsSocket& socket) {
    net::BindSettings bind;
    bind.where = socket.where;
    bind.address = socket.address;
    bind.inherited_fd = socket.inherited_fd;
    bind.text =
        socket.inherited_fd >= 0 ? "fd@" + std::to_string(socket.inherited_fd) : socket.address.to_string();
    bind.interface = socket.interface;
    bind.v4v6 = socket.v4v6;
    bind.v6only = socket.v6only;
    bind.backlog = socket.backlog;
    bind.user = socket.user;
    bind.group = socket.group;
    bind.mode = socket.mode;
    return bind;
}

// Where the line listens, as socket_key() names it.
Result<std::uint64_t> namespace_of(const net::BindSettings& bind) {
    if (bind.network_namespace.empty()) return 0;
    auto probe = make_socket(bind);
    if (!probe) return std::unexpected(probe.error());
    return foreign_namespace(probe->get());
}

// The sockets of one line, one or more for each worker.
Result<std::vector<UniqueFd>> open_group(const net::BindSettings& bind, int workers, SocketPool& pool,
                                         std::size_t& adopted) {
    if (bind.inherited_fd < 0) {
        auto elsewhere = namespace_of(bind);
        if (!elsewhere) return std::unexpected(elsewhere.error());
        std::vector<UniqueFd> taken =
            pool.take(socket_key(bind.address, bind.interface, v6only(bind), *elsewhere));
        adopted += taken.size();
        for (const UniqueFd& fd : taken) {
            ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
            if (auto set = net::replace_options(fd.get(), bind.socket); !set)
                return std::unexpected(set.error());
        }
        if (!taken.empty()) return adopt_sockets(std::move(taken), workers);
    }
    return open_sockets(bind, workers);
}

std::string complaint(const std::string& who, const common::Error& error) {
    return "Starting " + who + ": " + error.text;
}

template <class Visit>
void for_each_bind(const config::Model& model, Visit visit) {
    for (std::size_t p = 0; p < model.proxies.size(); ++p) {
        const session::ProxySettings& proxy = *model.proxies[p];
        for (std::size_t b = 0; !proxy.disabled && b < proxy.binds.size(); ++b) {
            visit(static_cast<int>(p), static_cast<int>(b), proxy, proxy.binds[b]);
        }
    }
}

}  // namespace

bool open_listening_sockets(const config::Model& model, int workers, SocketPool& pool, Conflict conflict,
                            ListeningSockets& out, std::vector<std::string>& complaints) {
    const std::size_t before = complaints.size();
    if (conflict == Conflict::refuse) {
        // All of them before the first is bound: a file may name a port twice.
        for_each_bind(model,
                      [&](int, int, const session::ProxySettings& proxy, const net::BindSettings& bind) {
                          if (auto unused = check_unused(bind); !unused)
                              complaints.push_back(complaint("frontend " + proxy.name, unused.error()));
                      });
        if (complaints.size() != before) return false;
    }
    for_each_bind(model,
                  [&](int p, int b, const session::ProxySettings& proxy, const net::BindSettings& bind) {
                      auto sockets = open_group(bind, workers, pool, out.adopted);
                      if (sockets)
                          out.groups.push_back({p, b, std::move(*sockets)});
                      else
                          complaints.push_back(complaint("frontend " + proxy.name, sockets.error()));
                  });
    for (const config::StatsSocket& socket : model.global.stats_sockets) {
        // A Unix one is made anew: its file changes hands at once, and no traffic waits in it.
        auto sockets = open_sockets(as_bind(socket), 1);
        if (sockets)
            out.stats.push_back(std::move(sockets->front()));
        else
            complaints.push_back(complaint("stats socket", sockets.error()));
    }
    return complaints.size() == before;
}

void add_to_pool(const ListeningSockets& sockets, SocketPool& pool) {
    for (const ListeningGroup& group : sockets.groups) {
        for (const UniqueFd& fd : group.sockets) pool.add(UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)));
    }
}

std::vector<int> descriptors_of(const ListeningSockets& sockets) {
    std::vector<int> fds;
    for (const ListeningGroup& group : sockets.groups) {
        for (const UniqueFd& fd : group.sockets) fds.push_back(fd.get());
    }
    for (const UniqueFd& fd : sockets.stats) fds.push_back(fd.get());
    return fds;
}

std::string name_of(const config::StatsSocket& socket) {
    if (socket.inherited_fd >= 0) return "fd@" + std::to_string(socket.inherited_fd);
    return (socket.address.family() == AF_UNIX ? "unix@" : "") + socket.address.to_string();
}

}  // namespace proxyd::main
