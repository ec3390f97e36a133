// Patterns of addresses: networks of both families, each searched in the other one's form too (manual 7.1.6).
#include <netdb.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "proxyd/rules/network.h"
#include "proxyd/rules/patterns/bucket.h"
#include "proxyd/rules/patterns/pattern.h"

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

// Networks of one family by prefix: one hash table, probed at the prefix lengths that occur, the longest
// first.
class PrefixTable {
 public:
    void add(const Network& network, const PatternEntry& entry) {
        const unsigned length = length_of(network);
        const auto [place, is_new] = table_.try_emplace(Key{network.address, length}, entry);
        if (!is_new) return place->second.add(entry);
        if (count_[length]++ == 0)
            lengths_.insert(std::ranges::lower_bound(lengths_, length, std::greater<>()), length);
    }

    void remove(const Network& network, const PatternEntry& entry) {
        const unsigned length = length_of(network);
        const auto found = table_.find(Key{network.address, length});
        if (found == table_.end() || !found->second.remove(entry)) return;
        table_.erase(found);
        if (--count_[length] == 0) std::erase(lengths_, length);
    }

    bool empty() const { return lengths_.empty(); }

    const PatternEntry* longest(const Bytes& address) const {
        Key key{address, 128};
        for (const unsigned length : lengths_) {
            key.cut(length);
            if (const auto found = table_.find(key); found != table_.end()) return found->second.first();
        }
        return nullptr;
    }

 private:
    struct Key {
        Bytes address;
        unsigned length;

        // Lengths only fall, so that what was cut before stays cut.
        void cut(unsigned to) {
            length = to;
            const std::size_t whole = to / 8;
            if (whole >= address.size()) return;
            address[whole] &= static_cast<std::uint8_t>(0xff00U >> (to % 8));
            std::fill(address.begin() + static_cast<std::ptrdiff_t>(whole) + 1, address.end(),
                      std::uint8_t{0});
        }
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const {
            std::array<std::uint64_t, 2> words;
            std::memcpy(words.data(), key.address.data(), sizeof words);
            std::uint64_t hash = (words[0] ^ key.length) * 0x9E3779B97F4A7C15ULL;
            hash = (hash ^ (hash >> 32) ^ words[1]) * 0xC2B2AE3D27D4EB4FULL;
            return hash ^ (hash >> 29);
        }
    };
    static unsigned length_of(const Network& network) {
        unsigned length = 0;
        for (const std::uint8_t byte : network.mask) length += static_cast<unsigned>(std::popcount(byte));
        return length;
    }

    boost::unordered_flat_map<Key, Bucket, Hash> table_;
    std::array<std::size_t, 129> count_{};
    std::vector<unsigned> lengths_;  // that occur, descending
};

class AddressPatterns final : public Patterns {
 public:
    explicit AddressPatterns(PatternFlags flags) : flags_(flags) {}

    common::Result<> add(const PatternEntry& entry) override {
        auto network = !flags_.no_names && looks_like_a_name(entry.pattern) ? resolve(entry.pattern)
                                                                            : parse_network(entry.pattern);
        if (!network) return std::unexpected(network.error());
        if (network->contiguous())
            (network->v6 ? v6_ : v4_).add(*network, entry);
        else
            odd_masks_.emplace_back(*network, &entry);
        if (looks_like_a_name(entry.pattern)) named_.emplace(&entry, *network);
        return {};
    }

    void remove(const PatternEntry& entry) override {
        std::erase_if(odd_masks_, [&](const auto& each) { return each.second == &entry; });
        const auto named = named_.find(&entry);
        const auto network = named != named_.end() ? named->second : parse_network(entry.pattern);
        if (network && network->contiguous()) (network->v6 ? v6_ : v4_).remove(*network, entry);
        named_.erase(&entry);
    }

    const PatternEntry* match(const Sample& sample) const override {
        if (sample.type == SampleType::ipv4) {
            Bytes address{};
            std::copy_n(sample.address.begin(), 4, address.begin());
            if (const auto* found = find(v4_, false, address)) return found;
            if (v6_.empty()) return nullptr;
            Sample mapped = sample;
            map_to_v6(mapped);
            return find(v6_, true, mapped.address);
        }
        if (const auto* found = find(v6_, true, sample.address)) return found;
        Sample inner;
        if (!embedded_v4(sample, inner)) return nullptr;
        Bytes address{};
        std::copy_n(inner.address.begin(), 4, address.begin());
        return find(v4_, false, address);
    }

 private:
    const PatternEntry* find(const PrefixTable& table, bool v6, const Bytes& address) const {
        if (const auto* found = table.longest(address)) return found;
        for (const auto& [network, entry] : odd_masks_)
            if (network.v6 == v6 && network.contains(address)) return entry;
        return nullptr;
    }

    PatternFlags flags_;
    PrefixTable v4_, v6_;  // IPv4 in the first four bytes, the rest zero
    std::vector<std::pair<Network, const PatternEntry*>> odd_masks_;
    std::map<const PatternEntry*, common::Result<Network>> named_;  // what a host name meant
};

}  // namespace

std::unique_ptr<Patterns> make_address_patterns(PatternFlags flags) {
    return std::make_unique<AddressPatterns>(flags);
}

}  // namespace proxyd::rules
