// Any text as keepalived.conf. Lines that include something are left out: the fuzzer is to stay in this
// process.
#include <cstdint>
#include <string>
#include <string_view>

#include "vrrpd/config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.find("include") != std::string_view::npos) return 0;
    common::Diagnostics diagnostics;
    const vrrpd::config::Config config = vrrpd::config::load_text(text, "fuzz.conf", {"node1"}, diagnostics);
    for (const auto& instance : config.instances) (void)vrrpd::config::machine_params(instance);
    for (const auto& entry : diagnostics.all()) (void)common::Diagnostics::format(entry);
    return 0;
}
