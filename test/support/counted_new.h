// Replaces the global operator new by one that counts, for tests of "no allocation in the steady state".
// Include it in one file of a test program only.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace test {

inline thread_local std::size_t allocations = 0;  // of this thread

// How many allocations `work` makes on this thread.
template <class Work>
std::size_t count_allocations(Work work) {
    const std::size_t before = allocations;
    work();
    return allocations - before;
}

}  // namespace test

void* operator new(std::size_t size) {
    ++test::allocations;
    if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++test::allocations;
    return std::malloc(size != 0 ? size : 1);
}
// Asio takes coroutine frames from here when its recycling has none that fits.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    ++test::allocations;
    void* memory = nullptr;
    return ::posix_memalign(&memory, alignment < sizeof(void*) ? sizeof(void*) : alignment, size) == 0
               ? memory
               : nullptr;
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
