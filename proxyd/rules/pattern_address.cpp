// Patterns of addresses: networks of both families, each searched in the other one's form too (manual 7.1.6).
#include <netdb.h>

#include <algorithm>
#include <string>
#include <vector>

#include "proxyd/rules/network.h"
#include "proxyd/rules/pattern.h"
#include "proxyd/rules/range_set.h"

namespace proxyd::rules {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

// A host name stands for its first IPv4 address at the time the configuration is read.
common::Result<Network> resolve(std::string_view name) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(std::string(name).c_str(), nullptr, &hints, &found);
    if (error != 0 || found == nullptr)
        return common::fail("'" + std::string(name) +
                                "' is neither an address or network nor a name that resolves (" +
                                gai_strerror(error) + ")",
                            common::Side::config);
    Network out;
    std::copy_n(
        reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr), 4,
        out.address.begin());
    std::fill_n(out.mask.begin(), 4, std::uint8_t{0xff});
    ::freeaddrinfo(found);
    return out;
}

bool looks_like_a_name(std::string_view text) {
    return text.find_first_of(":/") == std::string_view::npos &&
           std::ranges::any_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

class AddressPatterns final : public Patterns {
 public:
    common::Result<> add(std::string_view pattern, Flags flags) override {
        auto network =
            !flags.no_names && looks_like_a_name(pattern) ? resolve(pattern) : parse_network(pattern);
        if (!network) return std::unexpected(network.error());
        if (network->contiguous())
            (network->v6 ? v6_ : v4_).add(network->address, network->last());
        else
            odd_masks_.push_back(*network);
        return {};
    }

    void finish() override {
        v4_.finish();
        v6_.finish();
    }

    bool match(const Sample& sample) const override {
        if (sample.type == SampleType::ipv4) {
            Bytes address{};
            std::copy_n(sample.address.begin(), 4, address.begin());
            if (contains(v4_, false, address)) return true;
            if (v6_.empty()) return false;
            Sample mapped = sample;
            map_to_v6(mapped);
            return contains(v6_, true, mapped.address);
        }
        if (contains(v6_, true, sample.address)) return true;
        Sample inner;
        return embedded_v4(sample, inner) && contains(v4_, false, inner.address);
    }

 private:
    bool contains(const RangeSet<Bytes>& set, bool v6, const Bytes& address) const {
        return set.contains(address) || std::ranges::any_of(odd_masks_, [&](const Network& network) {
                   return network.v6 == v6 && network.contains(address);
               });
    }

    RangeSet<Bytes> v4_, v6_;  // IPv4 in the first four bytes, the rest zero
    std::vector<Network> odd_masks_;
};

}  // namespace

std::unique_ptr<Patterns> make_address_patterns() {
    return std::make_unique<AddressPatterns>();
}

}  // namespace proxyd::rules
