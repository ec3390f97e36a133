// The control protocol: one JSON object per line over a Unix stream socket, the first line of each side a
// `hello`. Encode and decode are pure. Times are milliseconds. Unknown members are ignored and unknown types
// come out as Unknown, so that a newer peer is understood as far as it goes.
//
//   proxyd -> vrrpd   hello, health (every 20 ms and at each change), reloading
//   vrrpd -> proxyd   hello, role
//   operator -> any   hello, request;  answer: response
#pragma once

#include <sys/types.h>

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/error.h"

namespace common::control {

inline constexpr int kProtocolVersion = 1;

// Longest line accepted from a client, and from the daemon one has connected to.
inline constexpr std::size_t kMaxRequestLine = 64 * 1024;
inline constexpr std::size_t kMaxReplyLine = 4 * 1024 * 1024;

struct Hello {
    int version = kProtocolVersion;
    std::string program;          // "proxyd", "vrrpd", "chk_haproxy", ...
    std::string release;          // program's version, for people
    pid_t pid = 0;                // under -W the master's
    std::int64_t started_ms = 0;  // Unix time
    bool operator==(const Hello&) const = default;
};

enum class ProxyState : unsigned char { starting, ready, reloading, draining, stopping };

struct WorkerHealth {
    std::uint32_t id = 0;             // 1-based thread number
    std::uint32_t since_turn_ms = 0;  // since its event loop last turned
    bool operator==(const WorkerHealth&) const = default;
};

struct BackendHealth {
    std::string name;
    std::uint32_t usable = 0;  // servers that take traffic now
    std::uint32_t total = 0;
    bool operator==(const BackendHealth&) const = default;
};

struct Health {
    ProxyState state = ProxyState::starting;
    std::uint64_t sequence = 0;  // +1 per message on this link
    std::uint32_t listeners_up = 0;
    std::uint32_t listeners_total = 0;
    std::vector<WorkerHealth> workers;
    // Sent when something changed, and first on a link; absent: as before.
    std::optional<std::vector<BackendHealth>> backends;
    bool operator==(const Health&) const = default;
};

// Until `announced_ms` from now silence and a closed link are no failure.
struct Reloading {
    std::uint32_t announced_ms = 0;
    bool operator==(const Reloading&) const = default;
};

enum class VrrpState : unsigned char { init, backup, master, fault, stopped };

struct InstanceRole {
    std::string name;
    std::string interface;
    int vrid = 0;
    VrrpState state = VrrpState::init;
    int priority = 0;                    // effective, 0-255
    std::vector<std::string> addresses;  // virtual addresses, "192.0.2.1/24"
    bool operator==(const InstanceRole&) const = default;
};

// All instances of the node, whole, at each change.
struct Role {
    std::string node;  // router id or host name
    std::vector<InstanceRole> instances;
    bool operator==(const Role&) const = default;
};

// What an operator's tool asks: command "show" for vrrpd --show, ...
struct Request {
    std::uint64_t id = 0;  // comes back in the response
    std::string command;
    std::vector<std::string> arguments;
    bool operator==(const Request&) const = default;
};

struct Response {
    std::uint64_t id = 0;
    std::string error;          // empty: it worked
    boost::json::value result;  // "show": {"status": {...}}
    bool operator==(const Response&) const = default;
};

struct Unknown {
    std::string type;
    bool operator==(const Unknown&) const = default;
};

using Message = std::variant<Hello, Health, Reloading, Role, Request, Response, Unknown>;

// One line with its '\n'. Never contains another '\n'.
std::string encode(const Message& message);

// One line without its '\n'. Fails, with a sentence, on anything that is not a well-formed message; nesting
// is limited, so that no line costs more than its length.
Result<Message> decode(std::string_view line);

std::string_view name_of(ProxyState state);
std::string_view name_of(VrrpState state);

// Cuts a byte stream into lines. After an over-long line it stays failed: the connection is to be closed.
class LineReader {
 public:
    explicit LineReader(std::size_t max_line) : max_line_(max_line) {}

    // Where to read bytes into; call commit with their number.
    std::span<char> prepare();
    void commit(std::size_t size);

    // The next whole line without '\n' (a trailing '\r' is cut too); valid until the next prepare().
    std::optional<std::string_view> next();
    bool failed() const { return failed_; }

 private:
    std::size_t max_line_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0, scanned_ = 0;
    bool failed_ = false;
};

}  // namespace common::control
