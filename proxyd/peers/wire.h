// The outer form of the peers protocol 2.1 (HAProxy, doc/peers.txt): greeting, integers, frames. Pure: bytes
// in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proxyd::peers {

// Integers of variable length: small ones take a byte.
void put_number(std::string& out, std::uint64_t value);
void put_fixed(std::string& out, std::uint32_t value);  // four bytes, network order

// Takes values off the front of a message. Once one is missing, ok() is false and all are 0 or empty.
class Reader {
 public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    std::uint64_t number();
    std::uint32_t fixed();
    std::string_view bytes(std::uint64_t count);
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }

 private:
    std::string_view rest_;
    bool ok_ = true;
};

// What a peer says first when it connects.
struct Hello {
    int minor = 1;  // of version 2.x
    std::string to, from;
    int pid = 0;
};
inline constexpr std::size_t kLongestHello = 1024;

enum class Status : int {
    success = 200,
    later = 300,
    protocol = 501,
    version = 502,
    local = 503,
    remote = 504
};

std::string encode(const Hello& hello);
std::string encode(Status status);

enum class Parsed : unsigned char { done, need_more, error };
// `consumed` is set with done. `bad`: what to answer to an error.
Parsed parse_hello(std::string_view input, Hello& hello, std::size_t& consumed, Status& bad);
Parsed parse_status(std::string_view input, int& status, std::size_t& consumed);

enum class Class : std::uint8_t { control = 0, error = 1, table = 10 };
enum class Control : std::uint8_t { request = 0, finished = 1, partial = 2, confirm = 3, heartbeat = 4 };
enum class Failure : std::uint8_t { protocol = 0, size = 1 };
enum class TableMessage : std::uint8_t {
    update = 0x80,
    next_update = 0x81,  // its number is the last one's and one
    definition = 0x82,
    change_table = 0x83,
    ack = 0x84,
    timed_update = 0x85,
    timed_next_update = 0x86
};

struct Frame {
    std::uint8_t kind = 0, type = 0;  // Class; what it means depends on the class
    std::string_view body;            // of types from 0x80 on
};
inline constexpr std::size_t kLongestFrame = 16384;

// An error: the frame is longer than kLongestFrame, or its length makes no sense.
Parsed parse_frame(std::string_view input, Frame& frame, std::size_t& consumed);
void put_control(std::string& out, Control type);
void put_failure(std::string& out, Failure type);
void put_table_message(std::string& out, TableMessage type, std::string_view body);

}  // namespace proxyd::peers
