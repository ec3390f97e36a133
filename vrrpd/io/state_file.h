// What a restarted keeper must know of its former life: per instance the role, the priority and when the last
// advert was sent, in a small mapped file that costs no system call per advert. A record is two slots written
// in turn, each with sequence and checksum, so that a death in the middle of a write leaves the older one.
// The whole file is of one boot (boot id) and one network namespace; from any other it is ignored. Times are
// CLOCK_BOOTTIME.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace vrrpd::io {

// Which instance; the interface by name, because its index changes.
struct StateKey {
    std::string interface;  // at most 15 bytes
    std::uint8_t vrid = 0;
    bool v6 = false;
    bool operator==(const StateKey&) const = default;
};

struct SavedState {
    bool master = false;
    std::uint8_t priority = 0;               // last advertised
    std::chrono::nanoseconds last_advert{};  // CLOCK_BOOTTIME
    bool operator==(const SavedState&) const = default;
};

std::chrono::nanoseconds boottime_now();

// Stands for this boot and this network namespace.
std::string system_identity();

class StateFile {
 public:
    StateFile() = default;  // remembers nothing
    StateFile(StateFile&& other) noexcept;
    StateFile& operator=(StateFile&& other) noexcept;
    ~StateFile();

    // Opens or creates it, with its folder. Records of another boot or namespace, or that are damaged, are
    // dropped. `identity` stands for boot and namespace; empty: the system's own.
    static common::Result<StateFile> open(const std::string& path, std::string_view identity = {});

    // The record of an instance; made when there is none. At most kMaxRecords; beyond that nothing is
    // remembered.
    std::size_t slot(const StateKey& key);
    std::optional<SavedState> load(std::size_t slot) const;
    void save(std::size_t slot, const SavedState& state);

    static constexpr std::size_t kMaxRecords = 1024;
    static constexpr std::size_t kNone = ~std::size_t{0};

 private:
    struct Header;
    struct Slot;
    struct Record;
    Header* header() const;
    Record* records() const;

    void* memory_ = nullptr;
};

}  // namespace vrrpd::io
