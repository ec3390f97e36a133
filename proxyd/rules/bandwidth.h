// Limits of bandwidth: `filter bwlim-in`, `filter bwlim-out` and `set-bandwidth-limit` (configuration manual
// of HAProxy 2.7, 9.7). The session applies them to the bytes of bodies and tunnels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/clock.h"
#include "proxyd/rules/expression.h"

namespace proxyd::rules {

struct BandwidthFilter {
    const AclSet* section = nullptr;  // whose line it is
    std::string name;
    common::Location where;      // of its line; line 0: a rule has named it, nothing more
    common::Location mentioned;  // by a rule
    bool upload = false;         // bwlim-in: what clients send; else what they get
    std::uint64_t limit = 0;     // bytes per `period`
    common::Duration period{0};
    std::uint64_t least = 0;  // min-size: bytes that pass at a time at least
    // Shared by all who have the same key: the rate is that of a stick table's entry, and so is the period.
    std::optional<Expression> key;
    std::optional<ProxyName> table;  // the section that has it

    bool shared() const { return key.has_value(); }
};

// The filter of that name of the section being read, made at its first mention.
std::shared_ptr<BandwidthFilter> find_bandwidth_filter(Catalogue& catalogue, std::string_view name);

// What set-bandwidth-limit has asked for; in the exchange's arena.
struct BandwidthOrder {
    const BandwidthFilter* filter = nullptr;
    std::uint64_t limit = 0;
    common::Duration period{0};
    const BandwidthOrder* next = nullptr;
};

}  // namespace proxyd::rules
