// global: buffers of the kernel and capabilities of the process (configuration manual 3.1 and 3.2; setcap of
// later editions).
#include <linux/capability.h>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

// What an unprivileged process may keep, by the names of capabilities(7).
struct CapabilityRow {
    std::string_view name;
    int number;
};
constexpr CapabilityRow kCapabilities[] = {
    {"cap_net_admin", CAP_NET_ADMIN},
    {"cap_net_bind_service", CAP_NET_BIND_SERVICE},
    {"cap_net_raw", CAP_NET_RAW},
    {"cap_sys_admin", CAP_SYS_ADMIN},
};

void set_capabilities(Reading& in, const Statement& line) {
    const std::span<const CapabilityRow> rows(kCapabilities);
    for (const std::string_view name : common::split(line.argument(0), ',')) {
        const CapabilityRow* row = common::find_row(rows, name);
        if (row == nullptr)
            return in.error(line, "'setcap': unknown capability '" + std::string(name) + "'" +
                                      common::did_you_mean(name, common::row_names(rows)));
        in.model.global.kept_capabilities.push_back(row->number);
    }
}

constexpr int kLargestBuffer = 0x3fffffff;  // the kernel doubles it

template <int Global::* member>
constexpr Keyword buffer(std::string_view name, std::string_view help) {
    return works(name, kGlobal, 1, 1, global_number<member, 0, kLargestBuffer>, "<bytes>", help);
}

constexpr std::string_view kDatagrams =
    "it is for QUIC and for sockets of logs, whose size the system chooses; '.client' and '.server' are for "
    "TCP";

constexpr Keyword kKeywords[] = {
    works("setcap", kGlobal, 1, 1, set_capabilities, "<name>[,<name>...]",
          "capabilities to keep when privileges are dropped"),
    buffer<&Global::client_receive_buffer>("tune.rcvbuf.client", "the kernel's buffer of bytes from clients"),
    buffer<&Global::server_receive_buffer>("tune.rcvbuf.server", "the kernel's buffer of bytes from servers"),
    buffer<&Global::client_send_buffer>("tune.sndbuf.client", "the kernel's buffer of bytes to clients"),
    buffer<&Global::server_send_buffer>("tune.sndbuf.server", "the kernel's buffer of bytes to servers"),
    inert("tune.rcvbuf.backend", kGlobal, kDatagrams),
    inert("tune.rcvbuf.frontend", kGlobal, kDatagrams),
    inert("tune.sndbuf.backend", kGlobal, kDatagrams),
    inert("tune.sndbuf.frontend", kGlobal, kDatagrams),
};

}  // namespace

std::span<const Keyword> socket_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
