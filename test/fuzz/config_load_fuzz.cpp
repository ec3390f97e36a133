// Reads arbitrary text as a configuration: an answer in bounded time and memory, and a sentence whenever it
// is refused.
#include <netdb.h>

#include <cstdint>
#include <cstdlib>

#include "proxyd/config/model.h"

// Nothing is asked of the network: every name is unknown.
extern "C" int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
    return EAI_NONAME;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.contains("default-path")) return 0;  // would change the folder of this process
    common::Diagnostics said;
    const auto model = proxyd::config::load_text(text, "fuzz.cfg", said);
    if ((model == nullptr) != said.has_errors()) std::abort();
    for (const common::Diagnostic& entry : said.all())
        if (entry.message.empty()) std::abort();
    return 0;
}
