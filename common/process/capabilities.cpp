#include "common/process/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace common::process {
namespace {

using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

__user_cap_header_struct header() {
    return {_LINUX_CAPABILITY_VERSION_3, 0};
}

bool read(Sets& sets) {
    auto about = header();
    return ::syscall(SYS_capget, &about, sets.data()) == 0;
}

std::uint32_t bit(int capability) {
    return std::uint32_t{1} << (capability % 32);
}

struct Name {
    int capability;
    const char* text;
};
constexpr Name kNames[] = {{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                           {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE"},
                           {CAP_NET_RAW, "CAP_NET_RAW"},
                           {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}};

std::string name_of(int capability) {
    for (const Name& name : kNames)
        if (name.capability == capability) return name.text;
    return "capability " + std::to_string(capability);
}

}  // namespace

bool has_capability(int capability) {
    Sets sets{};
    return read(sets) && (sets[static_cast<std::size_t>(capability / 32)].effective & bit(capability)) != 0;
}

Result<> check_capabilities(const std::vector<CapabilityNeed>& needs) {
    for (const CapabilityNeed& need : needs)
        if (!has_capability(need.capability))
            return fail(
                need.what_for + " needs " + name_of(need.capability) +
                ", which this process does not have: start it as root, or give its file that capability");
    return {};
}

Result<> hold_capabilities() {
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno("cannot keep capabilities");
    return {};
}

Result<> keep_capabilities(const std::vector<int>& kept) {
    Sets sets{};
    if (!read(sets)) return fail_errno("cannot read the capabilities");
    Sets wanted{};
    for (const int capability : kept) {
        const auto at = static_cast<std::size_t>(capability / 32);
        wanted[at].permitted |= sets[at].permitted & bit(capability);
        wanted[at].effective = wanted[at].permitted;
    }
    auto about = header();
    if (::syscall(SYS_capset, &about, wanted.data()) != 0) return fail_errno("cannot keep capabilities");
    return {};
}

}  // namespace common::process
