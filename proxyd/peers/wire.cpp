#include "proxyd/peers/wire.h"

#include <array>
#include <charconv>

#include "common/text.h"

namespace proxyd::peers {

namespace {

constexpr std::string_view kProtocol = "HAProxyS 2.";
constexpr std::uint64_t kFirstLimit = 0xf0, kNextLimit = 0x80;
constexpr int kFirstBits = 4, kNextBits = 7;
constexpr std::size_t kFrameHead = 2;

char byte(std::uint64_t value) {
    return static_cast<char>(value & 0xff);
}

// The next line without its end. False: it is not whole.
bool take_line(std::string_view& rest, std::string_view& line) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return false;
    line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    rest.remove_prefix(end + 1);
    return true;
}

}  // namespace

void put_number(std::string& out, std::uint64_t value) {
    if (value < kFirstLimit) {
        out += byte(value);
        return;
    }
    out += byte(value | kFirstLimit);
    value = (value - kFirstLimit) >> kFirstBits;
    while (value >= kNextLimit) {
        out += byte(value | kNextLimit);
        value = (value - kNextLimit) >> kNextBits;
    }
    out += byte(value);
}

void put_fixed(std::string& out, std::uint32_t value) {
    for (const int shift : {24, 16, 8, 0}) out += byte(value >> shift);
}

std::uint64_t Reader::number() {
    const auto next = [this] {
        const std::string_view one = bytes(1);
        return one.empty() ? std::uint64_t{0} : static_cast<unsigned char>(one[0]);
    };
    std::uint64_t value = next();
    if (value < kFirstLimit) return value;
    int shift = kFirstBits;
    std::uint64_t more = kNextLimit;
    while (ok_ && more >= kNextLimit) {
        if (shift > 63) {  // no number of ours is that long
            ok_ = false;
            break;
        }
        more = next();
        value += more << shift;
        shift += kNextBits;
    }
    return ok_ ? value : 0;
}

std::uint32_t Reader::fixed() {
    std::uint32_t value = 0;
    for (const char c : bytes(4)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

std::string_view Reader::bytes(std::uint64_t count) {
    ok_ = ok_ && count <= rest_.size();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
}

std::string encode(const Hello& hello) {
    return std::string(kProtocol) + std::to_string(hello.minor) + "\n" + hello.to + "\n" + hello.from + " " +
           std::to_string(hello.pid) + " 0\n";
}

std::string encode(Status status) {
    return std::to_string(static_cast<int>(status)) + "\n";
}

Parsed parse_hello(std::string_view input, Hello& hello, std::size_t& consumed, Status& bad) {
    std::string_view rest = input;
    std::array<std::string_view, 3> lines;
    bad = Status::protocol;
    // Who speaks another language is told so before he has said everything.
    const std::string_view start = input.substr(0, kProtocol.size());
    if (kProtocol.substr(0, start.size()) != start) {
        if (start.starts_with("HAProxyS ")) bad = Status::version;
        return Parsed::error;
    }
    for (std::string_view& line : lines)
        if (!take_line(rest, line)) return input.size() < kLongestHello ? Parsed::need_more : Parsed::error;
    const auto minor = common::parse_number(lines[0].substr(kProtocol.size()), 0, 99);
    if (!minor) {
        bad = Status::version;
        return Parsed::error;
    }
    const std::size_t blank = lines[2].find(' ');
    if (lines[1].empty() || blank == std::string_view::npos || blank == 0) return Parsed::error;
    hello.minor = static_cast<int>(*minor);
    hello.to = lines[1];
    hello.from = lines[2].substr(0, blank);
    const std::string_view pid = lines[2].substr(blank + 1);
    std::from_chars(pid.data(), pid.data() + pid.size(), hello.pid);
    consumed = input.size() - rest.size();
    return Parsed::done;
}

Parsed parse_status(std::string_view input, int& status, std::size_t& consumed) {
    std::string_view rest = input, line;
    if (!take_line(rest, line)) return input.size() < 8 ? Parsed::need_more : Parsed::error;
    const auto number = common::parse_number(line, 100, 999);
    if (!number) return Parsed::error;
    status = static_cast<int>(*number);
    consumed = input.size() - rest.size();
    return Parsed::done;
}

Parsed parse_frame(std::string_view input, Frame& frame, std::size_t& consumed) {
    if (input.size() < kFrameHead) return Parsed::need_more;
    frame = {static_cast<std::uint8_t>(input[0]), static_cast<std::uint8_t>(input[1]), {}};
    consumed = kFrameHead;
    if (frame.type < 0x80) return Parsed::done;
    // The length takes up to four bytes here: more would be too long in any case.
    constexpr std::size_t kLengthBytes = 4;
    const std::string_view behind = input.substr(kFrameHead);
    std::size_t size = 1;
    if (behind.empty()) return Parsed::need_more;
    if (static_cast<unsigned char>(behind[0]) >= kFirstLimit) do {
            if (size == kLengthBytes) return Parsed::error;
            if (size >= behind.size()) return Parsed::need_more;
        } while (static_cast<unsigned char>(behind[size++]) >= kNextLimit);
    const std::uint64_t length = Reader(behind.substr(0, size)).number();
    if (length > kLongestFrame) return Parsed::error;
    if (behind.size() - size < length) return Parsed::need_more;
    frame.body = behind.substr(size, static_cast<std::size_t>(length));
    consumed = kFrameHead + size + frame.body.size();
    return Parsed::done;
}

void put_control(std::string& out, Control type) {
    out += byte(static_cast<unsigned>(Class::control));
    out += byte(static_cast<unsigned>(type));
}

void put_failure(std::string& out, Failure type) {
    out += byte(static_cast<unsigned>(Class::error));
    out += byte(static_cast<unsigned>(type));
}

void put_table_message(std::string& out, TableMessage type, std::string_view body) {
    out += byte(static_cast<unsigned>(Class::table));
    out += byte(static_cast<unsigned>(type));
    put_number(out, body.size());
    out += body;
}

}  // namespace proxyd::peers
