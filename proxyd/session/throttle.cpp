#include "proxyd/session/throttle.h"

#include <algorithm>

#include "proxyd/rules/tracking.h"

namespace proxyd::session {

using state::StickData;
using state::StickTable;

namespace {

std::int64_t milliseconds(common::TimePoint time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

Throttle::~Throttle() {
    for (const Limit& limit : limits_)
        if (limit.entry != nullptr) limit.table->release(*limit.entry);
}

void Throttle::obey(const rules::BandwidthOrder& order, const rules::Context& context) {
    const auto period_ms = std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(order.period).count(), 1);
    const auto known = std::ranges::find(limits_, order.filter, &Limit::filter);
    if (known != limits_.end()) {
        known->bytes = order.limit;
        if (known->entry == nullptr) known->period_ms = period_ms;
        return;
    }
    Limit limit{order.filter, order.limit, period_ms, {}};
    if (order.filter->shared()) {
        limit.data = order.filter->upload ? StickData::bytes_in_rate : StickData::bytes_out_rate;
        const state::ProxyState* section = order.filter->table->find(context);
        limit.table = section != nullptr ? section->table.get() : nullptr;
        rules::Sample key;
        std::string room;
        // Without a key, or room for it, nobody is limited, as in HAProxy.
        if (limit.table == nullptr || !order.filter->key->evaluate(context, key) ||
            !rules::stick_key(*limit.table, key, context.arena, room))
            return;
        limit.entry = limit.table->hold(room);
        if (limit.entry == nullptr) return;
        limit.period_ms = limit.table->period_ms(limit.data);
    }
    limits_.push_back(limit);
}

state::Allowance Throttle::ask(Limit& limit, std::uint64_t wanted, std::int64_t now_ms) {
    std::uint64_t used = 0;
    unsigned users = 1;
    if (limit.entry == nullptr)
        used = limit.own.read(now_ms, limit.period_ms);
    else
        limit.table->with(*limit.entry, [&](StickTable::Entry& entry) {
            if (const auto place = limit.table->place(limit.data))
                used = entry.cells[*place].rate.read(now_ms, limit.period_ms);
            users = std::max(entry.users, 1U);
        });
    return state::allowance(used, wanted, limit.bytes, limit.period_ms, limit.filter->least, users);
}

std::uint64_t Throttle::allow(std::uint64_t wanted, common::TimePoint now) {
    std::int64_t wait_ms = 0;
    for (Limit& limit : limits_) {
        const state::Allowance allowed = ask(limit, wanted, milliseconds(now));
        wait_ms = std::max(wait_ms, allowed.wait_ms);
        if (allowed.wait_ms == 0) wanted = std::min(wanted, allowed.bytes);
    }
    resume_at_ = now + std::chrono::milliseconds(wait_ms);
    return wait_ms == 0 ? wanted : 0;
}

void Throttle::passed(std::uint64_t bytes, common::TimePoint now) {
    const std::int64_t now_ms = milliseconds(now);
    for (Limit& limit : limits_) {
        if (limit.entry == nullptr) {
            limit.own.add(bytes, now_ms, limit.period_ms);
            continue;
        }
        limit.table->with(*limit.entry, [&](StickTable::Entry& entry) {
            if (const auto place = limit.table->place(limit.data))
                entry.cells[*place].rate.add(static_cast<std::uint32_t>(bytes), now_ms, limit.period_ms);
        });
    }
}

void obey_orders(const rules::Context& context, bool upload, common::TimePoint now,
                 std::unique_ptr<Throttle>& throttle) {
    std::vector<const rules::BandwidthFilter*> done;
    for (const auto* order = context.bandwidth; order != nullptr; order = order->next) {
        if (order->filter->upload != upload || std::ranges::find(done, order->filter) != done.end()) continue;
        done.push_back(order->filter);
        if (!throttle) throttle = std::make_unique<Throttle>(now);
        throttle->obey(*order, context);
    }
}

}  // namespace proxyd::session
