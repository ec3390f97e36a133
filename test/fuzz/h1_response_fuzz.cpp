// Response heads and error files.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxyd/http/h1_parser.h"
#include "proxyd/http/replies.h"

using namespace proxyd::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    ParseOptions options;
    options.accept_invalid = (data[0] & 1) != 0;
    constexpr Method kMethods[] = {Method::get, Method::head, Method::connect, Method::post};
    const Method method = kMethods[(data[0] >> 1) & 3];
    common::Arena arena, arena2;
    Message message, again;
    message.arena = &arena;
    again.arena = &arena2;
    H1Parser parser;
    parser.start_response(options, method);
    const ParseResult whole = parser.parse(bytes, message);
    parser.start_response(options, method);
    ParseResult bytewise;
    for (std::size_t n = 1; n <= bytes.size() && bytewise.status == ParseStatus::need_more; ++n) {
        bytewise = parser.parse(std::string_view(bytes).substr(0, n), again);
    }
    if (whole.status != bytewise.status || whole.consumed != bytewise.consumed) std::abort();
    if (whole.status == ParseStatus::error && whole.error.status != 502) std::abort();
    common::Arena file_arena;
    Message reply;
    (void)make_from_file(bytes, file_arena, reply);
    return 0;
}
