// Chunked bodies: cut anywhere, what goes on is the same, is clean, and decodes to the same payload.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxyd/http/body.h"

using namespace proxyd::http;

namespace {

struct Outcome {
    BodyStatus status = BodyStatus::need_more;
    std::string output;
    std::size_t consumed = 0;
};

Outcome relay(std::string_view bytes, std::size_t step, Framing out) {
    BodyRelay body;
    body.start(Framing::chunked, 0, out);
    Outcome outcome;
    Slices slices;
    for (std::size_t arrived = std::min(step, bytes.size());;
         arrived = std::min(arrived + step, bytes.size())) {
        while (true) {
            slices.clear();
            const std::string input(bytes.substr(outcome.consumed, arrived - outcome.consumed));
            const BodyProgress progress = body.feed(input, slices);
            for (const iovec& piece : slices.pieces()) {
                outcome.output.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
            }
            outcome.consumed += progress.consumed;
            outcome.status = progress.status;
            if (progress.status != BodyStatus::need_more) return outcome;
            if (input.size() - progress.consumed >= BodyRelay::kMaxLine && progress.consumed == 0)
                std::abort();
            if (progress.consumed == 0) break;
        }
        if (arrived == bytes.size()) return outcome;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const Outcome whole = relay(bytes, size + 1, Framing::chunked);
    const Outcome bytewise = relay(bytes, 1, Framing::chunked);
    if (whole.status != bytewise.status) std::abort();
    if (whole.status != BodyStatus::done) return 0;
    if (whole.output != bytewise.output || whole.consumed != bytewise.consumed) std::abort();
    const Outcome again = relay(whole.output, whole.output.size(), Framing::chunked);
    if (again.status != BodyStatus::done || again.output != whole.output) std::abort();
    if (relay(bytes, size, Framing::until_close).output !=
        relay(whole.output, 3, Framing::until_close).output)
        std::abort();
    return 0;
}
