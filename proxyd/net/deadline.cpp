#include "proxyd/net/deadline.h"

#include <bit>

namespace proxyd::net {

using common::TimePoint;

Deadline::~Deadline() {
    DeadlineWheel::unlink(*this);
}

void Deadline::set(TimePoint when) {
    when_ = when;
    if (when == common::kNever) return;  // the wheel drops it when it comes by
    if (filed_ >= 0 && filed_ <= wheel_.tick_of(when)) return;
    DeadlineWheel::unlink(*this);
    wheel_.file(*this);
}

DeadlineWheel::~DeadlineWheel() {
    for (Level& level : levels_) {
        for (Deadline*& slot : level.slots) {
            while (slot) unlink(*slot);
        }
    }
}

std::int64_t DeadlineWheel::tick_of(TimePoint when) const {
    return std::chrono::ceil<std::chrono::milliseconds>(when - epoch_).count();
}

void DeadlineWheel::unlink(Deadline& entry) {
    if (!entry.link_) return;
    *entry.link_ = entry.next_;
    if (entry.next_) entry.next_->link_ = entry.link_;
    entry.next_ = nullptr;
    entry.link_ = nullptr;
    entry.filed_ = -1;
}

void DeadlineWheel::file(Deadline& entry) {
    std::int64_t due = tick_of(entry.when_);
    if (due <= current_) due = current_ + 1;
    // The level whose turn holds the distance; the slot that begins at or before the time.
    int level = 0;
    while (level < kLevels - 1 && (due - current_) >= (std::int64_t{1} << (kSlotBits * (level + 1)))) ++level;
    const std::int64_t width = std::int64_t{1} << (kSlotBits * level);
    std::int64_t unit = due / width;
    if (unit - current_ / width >= kSlots) unit = current_ / width + kSlots - 1;
    const auto slot = static_cast<std::size_t>(unit & (kSlots - 1));
    entry.filed_ = unit << (kSlotBits * level);
    Deadline*& head = levels_[static_cast<std::size_t>(level)].slots[slot];
    entry.next_ = head;
    entry.link_ = &head;
    if (head) head->link_ = &entry.next_;
    head = &entry;
    levels_[static_cast<std::size_t>(level)].filled |= std::uint64_t{1} << slot;
}

std::int64_t DeadlineWheel::next_tick() const {
    std::int64_t best = INT64_MAX;
    for (int i = 0; i < kLevels; ++i) {
        const std::uint64_t filled = levels_[static_cast<std::size_t>(i)].filled;
        if (!filled) continue;
        const std::int64_t begun = current_ >> (kSlotBits * i);  // slots up to this one are past
        const int first = static_cast<int>((begun + 1) & (kSlots - 1));
        const std::int64_t distance = std::countr_zero(std::rotr(filled, first)) + 1;
        best = std::min(best, (begun + distance) << (kSlotBits * i));
    }
    return best;
}

TimePoint DeadlineWheel::next() const {
    const std::int64_t tick = next_tick();
    return tick == INT64_MAX ? common::kNever : epoch_ + std::chrono::milliseconds(tick);
}

void DeadlineWheel::open_slot(Level& level, std::size_t slot, std::int64_t tick) {
    Deadline* pending = level.slots[slot];
    level.slots[slot] = nullptr;
    level.filled &= ~(std::uint64_t{1} << slot);
    if (pending) pending->link_ = &pending;
    while (pending) {  // a fired owner may destroy or move any entry, also those still pending here
        Deadline& entry = *pending;
        unlink(entry);
        if (entry.when_ == common::kNever) continue;
        if (tick_of(entry.when_) > tick) {
            file(entry);
            continue;
        }
        entry.when_ = common::kNever;
        entry.fire_(entry.owner_);
    }
}

void DeadlineWheel::visit(std::int64_t tick) {
    current_ = tick;
    for (int i = kLevels - 1; i >= 0; --i) {
        const std::int64_t width = std::int64_t{1} << (kSlotBits * i);
        if (tick & (width - 1)) continue;  // no slot of this level begins now
        const auto slot = static_cast<std::size_t>((tick >> (kSlotBits * i)) & (kSlots - 1));
        Level& level = levels_[static_cast<std::size_t>(i)];
        if (level.filled & (std::uint64_t{1} << slot)) open_slot(level, slot, tick);
    }
}

void DeadlineWheel::advance(TimePoint now) {
    const std::int64_t target = std::chrono::floor<std::chrono::milliseconds>(now - epoch_).count();
    for (std::int64_t tick = next_tick(); tick <= target; tick = next_tick()) visit(tick);
    if (target > current_) current_ = target;
}

}  // namespace proxyd::net
