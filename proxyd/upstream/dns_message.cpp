#include "proxyd/upstream/dns_message.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "common/text.h"

namespace proxyd::upstream {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
// RFC 1035 has no bound for compression pointers or chains of aliases; a loop has to end.
constexpr int kMostPointers = 64;
constexpr int kMostAliases = 16;
constexpr std::uint16_t kInternet = 1, kCname = 5, kOpt = 41;
constexpr unsigned kIsAnswer = 0x8000, kTruncated = 0x0200, kRecursionDesired = 0x0100;

void put16(std::string& out, unsigned value) {
    out.push_back(static_cast<char>(value >> 8));
    out.push_back(static_cast<char>(value & 0xff));
}

// Reads forward through a message; `ok` falls once and for all when something is missing.
class Reader {
 public:
    explicit Reader(std::string_view message) : message_(message) {}

    unsigned u8() { return need(1) ? static_cast<unsigned char>(message_[at_++]) : 0U; }
    unsigned u16() {
        const unsigned high = u8();
        return high << 8 | u8();
    }
    void skip(std::size_t count) {
        if (need(count)) at_ += count;
    }
    std::string_view bytes(std::size_t count) {
        if (!need(count)) return {};
        at_ += count;
        return message_.substr(at_ - count, count);
    }
    // In lower case, without the last dot; "" for the root.
    std::string name();

    bool ok() const { return ok_; }
    std::size_t at() const { return at_; }
    void go_to(std::size_t at) { at_ = at; }

 private:
    bool need(std::size_t count) {
        ok_ = ok_ && count <= message_.size() - at_;
        return ok_;
    }

    std::string_view message_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

std::string Reader::name() {
    std::string out;
    std::size_t after = 0;  // where the message goes on, once a pointer was followed
    for (int pointers = 0; ok_;) {
        const unsigned length = u8();
        if (length == 0) break;
        if ((length & 0xc0U) == 0xc0U) {
            const std::size_t target = (length & 0x3fU) << 8 | u8();
            if (after == 0) after = at_;
            ok_ = ok_ && target < message_.size() && ++pointers <= kMostPointers;
            if (ok_) at_ = target;
            continue;
        }
        const std::string_view label = bytes(length);
        ok_ = ok_ && length <= kLongestLabel && out.size() + length <= kLongestName + 1;
        if (!out.empty()) out += '.';
        out.append(common::to_lower(label));
    }
    if (after != 0) at_ = after;
    return out;
}

std::string plain_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return common::to_lower(name);
}

DnsStatus status_of(unsigned flags) {
    if ((flags & kTruncated) != 0) return DnsStatus::other;
    switch (flags & 0xfU) {
        case 0:
            return DnsStatus::valid;
        case 3:
            return DnsStatus::nx;
        case 5:
            return DnsStatus::refused;
        default:
            return DnsStatus::other;
    }
}

common::Endpoint address_of(std::string_view data) {
    if (data.size() == 4) {
        common::Endpoint out = common::Endpoint::any_v4(0);
        std::memcpy(&reinterpret_cast<sockaddr_in*>(out.data())->sin_addr, data.data(), data.size());
        return out;
    }
    common::Endpoint out = common::Endpoint::any_v6(0);
    std::memcpy(&reinterpret_cast<sockaddr_in6*>(out.data())->sin6_addr, data.data(), data.size());
    return out;
}

// All records of a message that matter, by their names.
struct Records {
    std::multimap<std::string, common::Endpoint> addresses[2];  // A, AAAA
    std::map<std::string, std::string> aliases;
    std::vector<std::pair<std::string, DnsService>> services;
};

bool read_record(Reader& in, Records& out) {
    const std::string owner = in.name();
    const unsigned type = in.u16();
    const unsigned network = in.u16();
    in.skip(4);  // how long it may be kept: `hold` says that here
    const unsigned size = in.u16();
    const std::size_t begin = in.at();
    if (!in.ok()) return false;
    if (network == kInternet && type == static_cast<unsigned>(DnsType::srv)) {
        DnsService service;
        service.priority = static_cast<std::uint16_t>(in.u16());
        service.weight = static_cast<std::uint16_t>(in.u16());
        service.port = static_cast<std::uint16_t>(in.u16());
        service.target = in.name();
        if (!in.ok() || in.at() != begin + size) return false;
        out.services.emplace_back(owner, std::move(service));
        return true;
    }
    if (network == kInternet && type == kCname) {
        out.aliases.emplace(owner, in.name());
        return in.ok() && in.at() == begin + size;
    }
    const std::string_view data = in.bytes(size);
    if (!in.ok()) return false;
    const bool v4 = type == static_cast<unsigned>(DnsType::a);
    const bool v6 = type == static_cast<unsigned>(DnsType::aaaa);
    if (network == kInternet && (v4 || v6)) {
        if (data.size() != (v4 ? 4U : 16U)) return false;
        out.addresses[v6].emplace(owner, address_of(data));
    }
    return true;
}

void add_addresses(const std::multimap<std::string, common::Endpoint>& from, const std::string& name,
                   DnsAnswer& answer) {
    const auto [first, last] = from.equal_range(name);
    for (auto it = first; it != last; ++it)
        if (std::ranges::find(answer.addresses, it->second) == answer.addresses.end())
            answer.addresses.push_back(it->second);
}

void collect(const Records& records, std::string name, DnsType type, DnsAnswer& answer) {
    for (int hops = 0; hops < kMostAliases; ++hops) {
        const auto alias = records.aliases.find(name);
        if (alias == records.aliases.end()) break;
        name = alias->second;
    }
    if (type != DnsType::srv) return add_addresses(records.addresses[type == DnsType::aaaa], name, answer);
    for (const auto& [owner, service] : records.services) {
        if (owner != name) continue;
        DnsService& kept = answer.services.emplace_back(service);
        for (const auto& family : records.addresses)
            if (const auto it = family.find(service.target); !kept.address && it != family.end())
                kept.address = it->second;
    }
}

}  // namespace

common::Result<std::string> make_dns_query(std::uint16_t id, std::string_view name, DnsType type,
                                           std::uint16_t payload_size) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > kLongestName)
        return common::fail("'" + std::string(name) + "' is no host name");
    std::string out;
    put16(out, id);
    put16(out, kRecursionDesired);
    put16(out, 1);  // question
    put16(out, 0);
    put16(out, 0);
    put16(out, 1);  // additional: ours is EDNS0
    for (const std::string_view label : common::split(name, '.')) {
        if (label.empty() || label.size() > kLongestLabel)
            return common::fail("'" + std::string(name) +
                                "' is no host name: a part of it is empty or longer than 63");
        out.push_back(static_cast<char>(label.size()));
        out.append(label);
    }
    out.push_back('\0');
    put16(out, static_cast<unsigned>(type));
    put16(out, kInternet);
    out.push_back('\0');  // EDNS0: the root's name, our payload size instead of a class, no flags, no options
    put16(out, kOpt);
    put16(out, payload_size);
    out.append(6, '\0');
    return out;
}

std::optional<std::uint16_t> dns_message_id(std::string_view message) {
    if (message.size() < kHeader) return std::nullopt;
    return static_cast<std::uint16_t>(Reader(message).u16());
}

common::Result<DnsAnswer> parse_dns_answer(std::string_view message, std::uint16_t id, std::string_view name,
                                           DnsType type) {
    if (message.size() < kHeader) return common::fail("too short for an answer");
    Reader in(message);
    if (in.u16() != id) return common::fail("answers another query");
    const unsigned flags = in.u16();
    if ((flags & kIsAnswer) == 0) return common::fail("is no answer");
    const unsigned questions = in.u16();
    const unsigned count = in.u16() + in.u16() + in.u16();
    DnsAnswer answer;
    answer.status = status_of(flags);
    answer.truncated = (flags & kTruncated) != 0;
    if (questions == 0 && answer.status != DnsStatus::valid) return answer;
    if (questions != 1 || in.name() != plain_name(name) || in.u16() != static_cast<unsigned>(type) ||
        in.u16() != kInternet || !in.ok())
        return common::fail("answers another question");
    if (answer.status != DnsStatus::valid) return answer;
    Records records;
    for (unsigned i = 0; i < count; ++i)
        if (!read_record(in, records)) return common::fail("has a broken record");
    collect(records, plain_name(name), type, answer);
    if (answer.addresses.empty() && answer.services.empty()) answer.status = DnsStatus::empty;
    return answer;
}

}  // namespace proxyd::upstream
