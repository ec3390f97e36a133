// The way of a head through parser, rules' additions and serializer allocates nothing once warm. Sanitizers
// bring their own operator new, so the count is made without them.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <catch2/catch.hpp>

#include <cstdlib>
#include <new>
#include <string>

#include "proxyd/http/h1_parser.h"
#include "proxyd/http/h1_serializer.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace proxyd::http;

TEST_CASE("a warm exchange allocates nothing") {
    const std::string bytes =
        "POST http://a:80/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\nConnection: close, x\r\nX: "
        "1\r\nTE: trailers\r\n"
        "Accept:*/*\r\n\r\n";
    common::Arena arena;
    Message message;
    message.arena = &arena;
    Slices slices;
    H1Parser parser;
    std::size_t warm = 0;
    for (int round = 0; round < 10; ++round) {
        if (round == 2) warm = allocations;
        arena.reset();
        slices.clear();
        parser.start_request({});
        const bool done = parser.parse(bytes, message).status == ParseStatus::done;
        message.fields.set(arena, "X-Forwarded-For", "192.0.2.1");
        message.set_target("/y z");
        serialize_head(message, {false, message.framing, Version::http_1_1}, arena, slices);
        if (!done || slices.empty()) allocations += 1000;
    }
    CHECK(allocations == warm);
}

#endif
