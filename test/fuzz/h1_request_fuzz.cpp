// Request heads: whole and byte by byte must agree, and what was accepted must, sent on, be accepted again
// and mean the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxyd/http/h1_parser.h"
#include "proxyd/http/h1_serializer.h"

using namespace proxyd::http;

namespace {

ParseResult parse(std::string_view bytes, std::size_t step, const ParseOptions& options, common::Arena& arena,
                  Message& message) {
    message.arena = &arena;
    H1Parser parser;
    parser.start_request(options);
    ParseResult result;
    for (std::size_t size = std::min(step, bytes.size());; size = std::min(size + step, bytes.size())) {
        result = parser.parse(bytes.substr(0, size), message);
        if (result.status != ParseStatus::need_more || size == bytes.size()) return result;
    }
}

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    ParseOptions options;
    options.accept_invalid = (data[0] & 1) != 0;
    options.max_head = 2048;
    common::Arena arena, arena2, arena3;
    Message message, again, onward;
    const ParseResult whole = parse(bytes, bytes.size() + 1, options, arena, message);
    const ParseResult bytewise = parse(bytes, 1, options, arena2, again);
    require(whole.status == bytewise.status && whole.consumed == bytewise.consumed);
    require(whole.error.status == bytewise.error.status);
    if (whole.status != ParseStatus::done) return 0;
    require(whole.consumed <= bytes.size());

    Slices slices;
    serialize_head(message, {message.keep_alive, message.framing, Version::http_1_1}, arena, slices);
    std::string sent;
    for (const iovec& piece : slices.pieces())
        sent.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    options.max_head = sent.size() + 2;
    const ParseResult second = parse(sent, sent.size(), options, arena3, onward);
    require(second.status == ParseStatus::done && second.consumed == sent.size());
    require(onward.method == message.method && onward.target == message.target &&
            onward.host() == message.host());
    require(onward.framing == message.framing && onward.content_length == message.content_length);
    require(onward.upgrade == message.upgrade);
    return 0;
}
