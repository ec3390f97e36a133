#include "common/process/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace common::process {

Result<std::uint64_t> raise_descriptor_limit(std::uint64_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return fail_errno("cannot read the descriptor limit");
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    const rlimit whole{std::max<rlim_t>(wanted, limit.rlim_cur), std::max<rlim_t>(wanted, limit.rlim_max)};
    if (::setrlimit(RLIMIT_NOFILE, &whole) == 0) return whole.rlim_cur;
    const rlimit soft{std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &soft) < 0) return fail_errno("cannot raise the descriptor limit");
    return soft.rlim_cur;
}

std::uint64_t descriptor_limit() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

std::uint64_t descriptors_for(std::uint64_t maxconn, std::uint64_t reserved) {
    return 2 * maxconn + reserved;
}

std::uint64_t maxconn_within(std::uint64_t limit, std::uint64_t reserved) {
    return limit > reserved ? (limit - reserved) / 2 : 0;
}

}  // namespace common::process
