// Where a configuration may use a sample: the points on the way of an exchange at which what it takes its
// value from is there (configuration manual 7.3, `haproxy -dKsmp`). The one table of it; expressions are
// refused and conditions warned about by it.
#pragma once

#include <cstdint>
#include <string_view>

namespace proxyd::rules {

enum class Phase : unsigned char;

// From where a fetch takes its value.
enum class Source : std::uint8_t {
    constant,           // the configuration, the clock
    process,            // the process and its tables, proxies, servers
    client,             // the client's connection
    frontend,           // the section that took it
    tls,                // its TLS
    request,            // the request's head, and what was read behind it
    request_bytes,      // the client's first bytes, whatever they are
    request_kept,       // what stays known of it
    message,            // of request or response, whichever is passing
    backend,            // the chosen section
    server,             // the chosen server
    server_connection,  // the connection to it; what stays known of the response
    response,           // the response's head, and what was read behind it
};
inline constexpr std::size_t kSources = 13;

// Bits: where a sample is evaluated. A `listen` section has those of both its sides.
using Places = std::uint32_t;
enum Place : Places {
    kAtConnection = 1U << 0,           // tcp-request connection
    kAtSession = 1U << 1,              // tcp-request session
    kAtFrontContent = 1U << 2,         // tcp-request content of a frontend
    kAtFrontRequest = 1U << 3,         // http-request of a frontend
    kAtChoice = 1U << 4,               // use_backend
    kAtBackContent = 1U << 5,          // tcp-request content of a backend
    kAtBackRequest = 1U << 6,          // http-request of a backend
    kAtServerChoice = 1U << 7,         // use-server, balance, stick match
    kAtConnect = 1U << 8,              // sni and source of a server
    kAtBackResponseContent = 1U << 9,  // tcp-response content
    kAtBackResponse = 1U << 10,        // http-response of a backend
    kAtStickStore = 1U << 11,          // stick store-response
    kAtFrontResponse = 1U << 12,       // http-response of a frontend
    kAtLog = 1U << 13,                 // log-format
    kAtCheck = 1U << 14,               // http-check, tcp-check
    kAtConfiguration = 1U << 15,       // set-var in global
    kAtCommand = 1U << 16,             // set var of the stats socket
};
inline constexpr Places kAnywhere = (1U << 17) - 1;
inline constexpr Places kFrontPlaces = kAtFrontContent | kAtFrontRequest | kAtFrontResponse;
inline constexpr Places kBackPlaces =
    kAtBackContent | kAtBackRequest | kAtBackResponseContent | kAtBackResponse;

// Where what comes from there can be used.
Places places_of(Source source);
// Where the rules of a phase stand, in a section that has the places `sides` (kFrontPlaces, kBackPlaces or
// both).
Places places_of(Phase phase, Places sides);

// "HTTP request headers", for messages.
std::string_view describe(Source source);
// "frontend http-request header rule": the first of the places.
std::string_view describe(Places places);

}  // namespace proxyd::rules
