// The NetScaler header before a client's bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "proxyd/net/netscaler_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace proxyd::net;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (size < 4) return 0;
    // Its own magic number, so that most inputs come to the rest.
    std::uint32_t magic = 0;
    for (std::size_t i = 0; i < 4; ++i) magic = magic << 8 | data[i];
    ProxyHeader out;
    const NetscalerResult result = parse_netscaler_header(bytes, magic, out);
    if (result.status != ProxyStatus::done) return 0;
    if (result.consumed > size || !out.source.is_ip() || !out.destination.is_ip()) std::abort();
    if (parse_netscaler_header(bytes.substr(0, result.consumed - 1), magic, out).status == ProxyStatus::done)
        std::abort();
    return 0;
}
