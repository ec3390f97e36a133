// The limits of bandwidth that rules have set for one direction of an exchange (rules/bandwidth.h). Made when
// a rule sets one; a flow without any is not slowed by a test of more than a pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/clock.h"
#include "proxyd/rules/bandwidth.h"
#include "proxyd/state/byte_rate.h"
#include "proxyd/state/stick_table.h"

namespace proxyd::session {

class Throttle {
 public:
    explicit Throttle(common::TimePoint start) : resume_at_(start) {}
    ~Throttle();
    Throttle(const Throttle&) = delete;
    Throttle& operator=(const Throttle&) = delete;

    // The latest order of a filter counts.
    void obey(const rules::BandwidthOrder& order, const rules::Context& context);

    // Of `wanted` bytes, those that may pass now; 0: none before resume_at().
    std::uint64_t allow(std::uint64_t wanted, common::TimePoint now);
    void passed(std::uint64_t bytes, common::TimePoint now);
    common::TimePoint resume_at() const { return resume_at_; }

 private:
    struct Limit {
        const rules::BandwidthFilter* filter;
        std::uint64_t bytes;
        std::int64_t period_ms;
        state::ByteRate own;
        // Shared by who has the same key.
        state::StickTable* table = nullptr;
        state::StickTable::Entry* entry = nullptr;
        state::StickData data{};
    };
    static state::Allowance ask(Limit& limit, std::uint64_t wanted, std::int64_t now_ms);

    std::vector<Limit> limits_;
    common::TimePoint resume_at_;
};

// Puts what rules have ordered so far for one direction on its flow.
void obey_orders(const rules::Context& context, bool upload, common::TimePoint now,
                 std::unique_ptr<Throttle>& throttle);

}  // namespace proxyd::session
