// Loaded into a daemon with LD_PRELOAD: counts what each thread asks the allocator for, in the file that
// COUNT_MALLOC names (an array of Slot, mapped), where a test reads while the daemon runs. glibc only.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

struct Slot {
    std::uint64_t thread;
    std::uint64_t calls;
};
constexpr std::size_t kSlots = 256;

Slot* slots = nullptr;
std::atomic<std::size_t> used{0};
thread_local Slot* own = nullptr;

// Before this ran nothing is counted.
__attribute__((constructor)) void map_file() {
    const char* path = std::getenv("COUNT_MALLOC");
    const int fd = path != nullptr ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void* memory = ::mmap(nullptr, kSlots * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (memory != MAP_FAILED) slots = static_cast<Slot*>(memory);
}

void count() {
    if (slots == nullptr) return;
    if (own == nullptr) {
        const std::size_t index = used.fetch_add(1);
        own = &slots[index < kSlots ? index : kSlots - 1];
        own->thread = static_cast<std::uint64_t>(::gettid());
    }
    ++own->calls;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
    count();
    return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
    count();
    return __libc_calloc(number, size);
}

void* realloc(void* memory, std::size_t size) {
    count();
    return __libc_realloc(memory, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
    count();
    *memory = __libc_memalign(alignment, size);
    return *memory != nullptr ? 0 : ENOMEM;
}

}  // extern "C"
