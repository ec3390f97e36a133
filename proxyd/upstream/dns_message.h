// DNS queries and answers (RFC 1035, EDNS0: RFC 6891, SRV: RFC 2782) as a `resolvers` section needs them.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint.h"
#include "common/error.h"

namespace proxyd::upstream {

enum class DnsType : std::uint16_t { a = 1, aaaa = 28, srv = 33 };

// What an answer says about the name (configuration manual 5.3.2, `hold`).
enum class DnsStatus : unsigned char {
    valid,    // has at least one record of the type that was asked for
    nx,       // no such name
    empty,    // the name is there, such records are not
    refused,  // the name server does not want to answer
    timeout,  // nobody answered
    other     // any other error of the server
};

// One SRV record.
struct DnsService {
    std::string target;  // lower case, without the last dot
    std::uint16_t priority = 0, weight = 0, port = 0;
    std::optional<common::Endpoint> address;  // when the answer had it along
};

struct DnsAnswer {
    DnsStatus status = DnsStatus::other;
    bool truncated = false;                   // did not fit a datagram; the status is `other` then
    std::vector<common::Endpoint> addresses;  // port 0; in the order of the answer, without doubles
    std::vector<DnsService> services;
};

// Fails for what is no host name: an empty or too long label, more than 253 bytes.
// `payload_size`: what we take in one datagram (accepted_payload_size).
common::Result<std::string> make_dns_query(std::uint16_t id, std::string_view name, DnsType type,
                                           std::uint16_t payload_size);

// Of which query a message speaks; nothing when it is too short for one.
std::optional<std::uint16_t> dns_message_id(std::string_view message);

// An answer to that very query. An error: it is none (another id or name, broken bytes) and should be
// ignored.
common::Result<DnsAnswer> parse_dns_answer(std::string_view message, std::uint16_t id, std::string_view name,
                                           DnsType type);

}  // namespace proxyd::upstream
