#include "proxyd/rules/sample.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

namespace proxyd::rules {

bool Sample::set_address(const common::Endpoint& endpoint) {
    if (endpoint.family() == AF_INET) {
        type = SampleType::ipv4;
        std::memcpy(address.data(), &endpoint.v4().sin_addr, 4);
        return true;
    }
    if (endpoint.family() == AF_INET6) {
        type = SampleType::ipv6;
        std::memcpy(address.data(), &endpoint.v6().sin6_addr, 16);
        return true;
    }
    return false;
}

namespace {

// inet_ntop formats through printf; every log line has an address.
std::string_view v4_text(const std::array<std::uint8_t, 16>& address, TextBuffer& buffer) {
    char* at = buffer.data();
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) *at++ = '.';
        at = std::to_chars(at, buffer.data() + buffer.size(), address[i]).ptr;
    }
    return {buffer.data(), static_cast<std::size_t>(at - buffer.data())};
}

}  // namespace

std::string_view to_text(const Sample& sample, TextBuffer& buffer) {
    switch (sample.type) {
        case SampleType::boolean:
        case SampleType::integer: {
            const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), sample.number).ptr;
            return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
        }
        case SampleType::ipv4:
            return v4_text(sample.address, buffer);
        case SampleType::ipv6:
            return ::inet_ntop(AF_INET6, sample.address.data(), buffer.data(), buffer.size());
        case SampleType::binary:  // ends before the first NUL, as HAProxy's
            return sample.text.substr(0, sample.text.find('\0'));
        default:
            return sample.text;
    }
}

std::int64_t leading_number(std::string_view text) {
    bool negative = false;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    std::uint64_t value = 0;
    const auto ec = std::from_chars(text.data(), text.data() + text.size(), value).ec;
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (ec == std::errc::result_out_of_range || value > kMax)
        return negative ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
    return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

bool parse_ip(std::string_view text, Sample& out) {
    std::array<char, INET6_ADDRSTRLEN> zero_ended{};
    if (text.empty() || text.size() >= zero_ended.size()) return false;
    std::ranges::copy(text, zero_ended.begin());
    if (inet_pton(AF_INET, zero_ended.data(), out.address.data()) == 1) {
        out.type = SampleType::ipv4;
        return true;
    }
    if (inet_pton(AF_INET6, zero_ended.data(), out.address.data()) == 1) {
        out.type = SampleType::ipv6;
        return true;
    }
    return false;
}

bool embedded_v4(const Sample& v6, Sample& out) {
    const auto& a = v6.address;
    const bool zero_to_10 =
        std::all_of(a.begin(), a.begin() + 10, [](std::uint8_t byte) { return byte == 0; });
    std::size_t at = 0;
    if (zero_to_10 && ((a[10] == 0 && a[11] == 0) || (a[10] == 0xff && a[11] == 0xff)))
        at = 12;
    else if (a[0] == 0x20 && a[1] == 0x02)
        at = 2;
    else
        return false;
    out.type = SampleType::ipv4;
    std::memmove(out.address.data(), v6.address.data() + at, 4);
    return true;
}

void map_to_v6(Sample& v4) {
    std::array<std::uint8_t, 16> mapped{};
    mapped[10] = mapped[11] = 0xff;
    std::copy_n(v4.address.begin(), 4, mapped.begin() + 12);
    v4.address = mapped;
    v4.type = SampleType::ipv6;
}

namespace {

bool to_number(Sample& sample) {
    switch (sample.type) {
        case SampleType::boolean:
            break;
        case SampleType::ipv4: {
            std::uint32_t host = 0;
            std::memcpy(&host, sample.address.data(), 4);
            sample.number = ntohl(host);
            break;
        }
        case SampleType::string:
            if (sample.text.empty()) return false;
            sample.number = leading_number(sample.text);
            break;
        default:
            return sample.type == SampleType::integer;
    }
    sample.type = SampleType::integer;
    return true;
}

// Four decimal numbers, zeros before them allowed, whatever follows: "10.1.2.3, 10.9.9.9" is the first
// address, as in HAProxy.
bool leading_v4(std::string_view text, Sample& out) {
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0 && (at == end || *at++ != '.')) return false;
        const auto read = std::from_chars(at, end, out.address[i]);
        if (read.ec != std::errc()) return false;
        at = read.ptr;
    }
    out.type = SampleType::ipv4;
    return at == end || *at != '.';
}

bool to_address(Sample& sample) {
    if (sample.is_address()) return true;
    if (sample.type == SampleType::string)
        return leading_v4(sample.text, sample) || parse_ip(sample.text, sample);
    if (sample.type != SampleType::integer) return false;
    const std::uint32_t network = htonl(static_cast<std::uint32_t>(sample.number));
    std::memcpy(sample.address.data(), &network, 4);
    sample.type = SampleType::ipv4;
    return true;
}

bool to_family(Sample& sample, SampleType to) {
    if (!to_address(sample)) return false;
    if (sample.type == to) return true;
    if (to == SampleType::ipv4) return embedded_v4(sample, sample);
    map_to_v6(sample);
    return true;
}

// Numbers become eight bytes, addresses their bytes, all in network order.
bool to_binary(Sample& sample, common::Arena* arena) {
    if (sample.is_text()) {
        sample.type = SampleType::binary;
        return true;
    }
    if (arena == nullptr) return false;
    std::array<char, 16> bytes{};
    std::size_t size = 8;
    if (sample.is_address()) {
        size = sample.type == SampleType::ipv4 ? 4 : 16;
        std::memcpy(bytes.data(), sample.address.data(), size);
    } else {
        for (std::size_t i = 0; i < 8; ++i)
            bytes[i] = static_cast<char>(static_cast<std::uint64_t>(sample.number) >> (56 - 8 * i));
    }
    sample.set_binary(arena->copy({bytes.data(), size}));
    return true;
}

bool to_string(Sample& sample, common::Arena* arena) {
    TextBuffer buffer;
    const std::string_view text = to_text(sample, buffer);
    if (!sample.is_text() && arena == nullptr) return false;
    sample.text = sample.is_text() ? text : arena->copy(text);
    sample.type = SampleType::string;
    return true;
}

}  // namespace

bool cast(Sample& sample, SampleType to, common::Arena* arena) {
    switch (to) {
        case SampleType::any:
            return true;
        case SampleType::boolean:
            if (!to_number(sample)) return false;
            sample.set_bool(sample.number != 0);
            return true;
        case SampleType::integer:
            return to_number(sample);
        case SampleType::ipv4:
        case SampleType::ipv6:
            return to_family(sample, to);
        case SampleType::address:
            return to_address(sample);
        case SampleType::string:
            return to_string(sample, arena);
        case SampleType::binary:
            return to_binary(sample, arena);
    }
    return false;
}

std::string_view name_of(SampleType type) {
    constexpr std::array<std::string_view, 8> kNames{"any",  "boolean", "integer", "ipv4",
                                                     "ipv6", "address", "string",  "binary"};
    return kNames[static_cast<std::size_t>(type)];
}

}  // namespace proxyd::rules
