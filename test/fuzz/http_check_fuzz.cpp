// Answers to HTTP checks: whatever a server sends, a verdict made early stays what it is when more arrives.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxyd/upstream/http_check.h"

using namespace proxyd::upstream;
using Kind = HttpExpectation::Kind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const HttpExpectation expectations[] = {*HttpExpectation::compile(Kind::status, "200-399"),
                                                   *HttpExpectation::compile(Kind::string, "OK"),
                                                   *HttpExpectation::compile(Kind::rstatus, "^2")};
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const proxyd::rules::Context context;
    const auto get = proxyd::http::Method::get;
    HttpAnswer half, whole;
    const HttpAnswer::State early = half.read(bytes.substr(0, size / 2), false, get);
    const HttpAnswer::State late = whole.read(bytes, true, get);
    if (late == HttpAnswer::State::partial) std::abort();
    if (early == HttpAnswer::State::broken && late != HttpAnswer::State::broken) std::abort();
    if (early != HttpAnswer::State::read || late != HttpAnswer::State::read) return 0;
    for (const HttpExpectation& expectation : expectations) {
        const auto before = expectation.matches(half, context);
        const auto after = expectation.matches(whole, context);
        if (!after) std::abort();
        if (before && *before != *after) std::abort();
    }
    return 0;
}
