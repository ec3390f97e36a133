// The look into a TLS hello: foreign bytes, of which views must stay within them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "proxyd/rules/client_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace proxyd::rules;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    ClientHello hello;
    int type = 0;
    (void)parse_hello_type(bytes, type);
    if (parse_client_hello(bytes, hello) != HelloStatus::complete) return 0;
    for (const std::string_view view : {hello.server_name, hello.protocols, hello.ciphers}) {
        const bool inside =
            view.data() == nullptr ||
            (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
        if (!inside) std::abort();
    }
    std::string_view rest = hello.protocols;
    while (next_protocol(rest).data() != nullptr) {
    }
    return 0;
}
