#include "proxyd/net/keep_alive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace proxyd::net {

namespace {

void set(int fd, int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

int seconds(common::Duration time) {
    return std::max(1, static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(time).count()));
}

}  // namespace

void set_keep_alive(int fd, const TcpKeepAlive& settings) {
    set(fd, SOL_SOCKET, SO_KEEPALIVE, settings.on ? 1 : 0);
    if (!settings.on) return;
    if (settings.probes > 0) set(fd, IPPROTO_TCP, TCP_KEEPCNT, settings.probes);
    if (settings.idle.count() > 0) set(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds(settings.idle));
    if (settings.interval.count() > 0) set(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds(settings.interval));
}

}  // namespace proxyd::net
