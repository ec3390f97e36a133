// What happened with the queries to one name server: the numbers of `show resolvers`. Any thread reads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace proxyd::upstream {

struct DnsCounters {
    using Number = std::atomic<std::uint64_t>;
    Number sent{0}, send_errors{0};
    Number valid{0}, updates{0};
    Number aliases{0}, alias_errors{0};
    Number any_errors{0}, unknown_names{0}, timeouts{0}, refused{0}, others{0}, invalid{0};
    Number too_big{0}, truncated{0}, outdated{0};
};

// In HAProxy's order: the name in `show resolvers`, and in `show stat domain resolvers` where it differs.
struct DnsCounterRow {
    std::string_view name, column;
    DnsCounters::Number DnsCounters::* counter;
};
inline constexpr std::array kDnsCounters{
    DnsCounterRow{"sent", "sent", &DnsCounters::sent},
    DnsCounterRow{"snd_error", "send_error", &DnsCounters::send_errors},
    DnsCounterRow{"valid", "valid", &DnsCounters::valid},
    DnsCounterRow{"update", "update", &DnsCounters::updates},
    DnsCounterRow{"cname", "cname", &DnsCounters::aliases},
    DnsCounterRow{"cname_error", "cname_error", &DnsCounters::alias_errors},
    DnsCounterRow{"any_err", "any_err", &DnsCounters::any_errors},
    DnsCounterRow{"nx", "nx", &DnsCounters::unknown_names},
    DnsCounterRow{"timeout", "timeout", &DnsCounters::timeouts},
    DnsCounterRow{"refused", "refused", &DnsCounters::refused},
    DnsCounterRow{"other", "other", &DnsCounters::others},
    DnsCounterRow{"invalid", "invalid", &DnsCounters::invalid},
    DnsCounterRow{"too_big", "too_big", &DnsCounters::too_big},
    DnsCounterRow{"truncated", "truncated", &DnsCounters::truncated},
    DnsCounterRow{"outdated", "outdated", &DnsCounters::outdated},
};

}  // namespace proxyd::upstream
