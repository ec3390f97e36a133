// Answers to health checks: whatever a server sends, a verdict made early stays what it is when more arrives.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxyd/upstream/http_check.h"

using namespace proxyd::upstream;

namespace {

HttpCheck compile(HttpCheckSettings::Expect expect, const char* value) {
    HttpCheckSettings settings;
    settings.expect = expect;
    settings.expect_value = value;
    return *HttpCheck::compile(settings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using Expect = HttpCheckSettings::Expect;
    static const HttpCheck checks[] = {compile(Expect::good_status, ""), compile(Expect::string, "OK"),
                                       compile(Expect::rstatus, "^2")};
    const std::string_view answer(reinterpret_cast<const char*>(data), size);
    for (const HttpCheck& check : checks) {
        const auto early = check.judge(answer.substr(0, size / 2), false);
        const auto final = check.judge(answer, true);
        if (!final) std::abort();
        if (early && passed(early->status) != passed(final->status)) std::abort();
    }
    return 0;
}
