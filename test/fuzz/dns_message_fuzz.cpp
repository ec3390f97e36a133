// Answers of name servers, from whoever sends them: no byte is read beyond the end, no loop goes on for ever,
// and what is taken has addresses of the family that was asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxyd/upstream/dns_channel.h"
#include "proxyd/upstream/dns_message.h"

using namespace proxyd::upstream;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    std::string_view framed;
    if (const std::size_t taken = next_dns_message(message, framed);
        taken > size || (taken > 0 && framed.size() + 2 != taken))
        std::abort();
    if (dns_message_id(message).has_value() != (size >= 12)) std::abort();
    if (size < 2) return 0;
    const auto id = static_cast<std::uint16_t>(data[0] << 8 | data[1]);
    for (const DnsType type : {DnsType::a, DnsType::aaaa, DnsType::srv}) {
        const auto answer = parse_dns_answer(message, id, "a.b", type);
        if (!answer) continue;
        const int family = type == DnsType::a ? AF_INET : AF_INET6;
        for (const auto& address : answer->addresses)
            if (address.family() != family) std::abort();
        if ((answer->status == DnsStatus::valid) == (answer->addresses.empty() && answer->services.empty()))
            std::abort();
    }
    return 0;
}
