#include "vrrpd/io/state_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "common/unique_fd.h"

namespace vrrpd::io {
namespace {

constexpr char kMagic[8] = {'v', 'r', 'r', 'p', 'd', '-', '1', '\n'};
constexpr std::size_t kIdentitySize = 80;
constexpr std::size_t kInterfaceSize = 16;

// FNV-1a: against torn writes, not against malice (the file belongs to root).
std::uint32_t digest(const void* data, std::size_t size, std::uint32_t start) {
    std::uint32_t hash = 2166136261U ^ start;
    for (const auto* byte = static_cast<const unsigned char*>(data); size > 0; --size) {
        hash = (hash ^ *byte++) * 16777619U;
    }
    return hash;
}

}  // namespace

// "BOOT-ID net:[4026531840]"
std::string system_identity() {
    std::string boot;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
    std::error_code ignored;
    return boot + " " + std::filesystem::read_symlink("/proc/self/ns/net", ignored).string();
}

struct StateFile::Header {
    char magic[sizeof kMagic];
    char identity[kIdentitySize];
};

struct StateFile::Slot {
    std::int64_t last_advert;
    std::uint32_t sequence;  // 0: never written
    std::uint8_t master, priority, unused[2];
    std::uint32_t checksum;
    std::uint32_t padding;
};

struct StateFile::Record {
    char interface[kInterfaceSize];  // empty: free
    std::uint8_t vrid, v6, unused[6];
    Slot slots[2];

    // Covers the key too: a slot never speaks for another instance.
    std::uint32_t checksum_of(const Slot& slot) const {
        const std::uint32_t key = digest(this, offsetof(Record, slots), 0);
        return digest(&slot, offsetof(Slot, checksum), key);
    }
    bool valid(const Slot& slot) const { return slot.sequence != 0 && slot.checksum == checksum_of(slot); }
    const Slot* newest() const {
        const Slot* best = nullptr;
        for (const Slot& slot : slots) {
            if (valid(slot) && (best == nullptr || slot.sequence > best->sequence)) best = &slot;
        }
        return best;
    }
};

std::chrono::nanoseconds boottime_now() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

StateFile::StateFile(StateFile&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
StateFile& StateFile::operator=(StateFile&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
}

StateFile::~StateFile() {
    if (memory_ != nullptr) ::munmap(memory_, sizeof(Header) + kMaxRecords * sizeof(Record));
}

StateFile::Header* StateFile::header() const {
    return static_cast<Header*>(memory_);
}
StateFile::Record* StateFile::records() const {
    return reinterpret_cast<Record*>(header() + 1);
}

common::Result<StateFile> StateFile::open(const std::string& path, std::string_view identity) {
    constexpr std::size_t size = sizeof(Header) + kMaxRecords * sizeof(Record);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    const common::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return common::fail_errno("cannot open the state file " + path);
    struct stat info{};
    // Sparse: only the pages of records in use exist.
    if (::fstat(fd.get(), &info) < 0 || !S_ISREG(info.st_mode) || ::ftruncate(fd.get(), size) < 0) {
        return common::fail_errno("cannot use the state file " + path);
    }
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED) return common::fail_errno("cannot map the state file " + path);
    StateFile file;
    file.memory_ = memory;

    Header expected{};
    std::memcpy(expected.magic, kMagic, sizeof kMagic);
    const std::string own = identity.empty() ? system_identity() : std::string(identity);
    own.copy(expected.identity, sizeof expected.identity - 1);
    if (std::memcmp(file.header(), &expected, sizeof expected) != 0) {
        std::memset(memory, 0, size);
        std::memcpy(file.header(), &expected, sizeof expected);
    }
    return file;
}

std::size_t StateFile::slot(const StateKey& key) {
    if (memory_ == nullptr || key.interface.empty() || key.interface.size() >= kInterfaceSize) return kNone;
    for (std::size_t i = 0; i < kMaxRecords; ++i) {
        Record& record = records()[i];
        if (record.interface[0] == '\0') {
            record = {};
            key.interface.copy(record.interface, kInterfaceSize - 1);
            record.vrid = key.vrid;
            record.v6 = key.v6;
            return i;
        }
        const std::string_view name(record.interface, ::strnlen(record.interface, kInterfaceSize));
        if (name == key.interface && record.vrid == key.vrid && (record.v6 != 0) == key.v6) return i;
    }
    return kNone;
}

std::optional<SavedState> StateFile::load(std::size_t slot) const {
    if (memory_ == nullptr || slot >= kMaxRecords) return std::nullopt;
    const Slot* found = records()[slot].newest();
    if (found == nullptr) return std::nullopt;
    return SavedState{found->master != 0, found->priority, std::chrono::nanoseconds(found->last_advert)};
}

void StateFile::save(std::size_t slot, const SavedState& state) {
    if (memory_ == nullptr || slot >= kMaxRecords) return;
    Record& record = records()[slot];
    const Slot* newest = record.newest();
    Slot next{};
    next.sequence = newest != nullptr ? newest->sequence + 1 : 1;
    next.last_advert = state.last_advert.count();
    next.master = state.master;
    next.priority = state.priority;
    next.checksum = record.checksum_of(next);
    record.slots[newest == &record.slots[0] ? 1 : 0] = next;
}

}  // namespace vrrpd::io
