#include "proxyd/rules/client_hello.h"

#include <algorithm>
#include <cstddef>

namespace proxyd::rules {
namespace {

constexpr std::size_t kRecordHeader = 5, kMessageHeader = 4;
constexpr int kHandshakeRecord = 22, kClientHello = 1;
constexpr int kServerName = 0, kSupportedGroups = 10, kPointFormats = 11, kProtocols = 16,
              kSessionTicket = 35, kSupportedVersions = 43;

// Takes numbers and counted pieces off the front; `failed` once something was not there.
class Reader {
 public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    bool failed() const { return failed_; }
    bool empty() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }

    int number(std::size_t bytes) {
        int value = 0;
        for (const char c : take(bytes)) value = value << 8 | static_cast<unsigned char>(c);
        return value;
    }
    std::string_view take(std::size_t size) {
        if (size > rest_.size()) {
            failed_ = true;
            return rest_ = {};
        }
        const std::string_view piece = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return piece;
    }
    std::string_view counted(std::size_t bytes) { return take(static_cast<std::size_t>(number(bytes))); }

 private:
    std::string_view rest_;
    bool failed_ = false;
};

// RFC 6066: a list of (type, name), of which only host names (0) are defined.
std::string_view host_name(std::string_view extension) {
    Reader list(Reader(extension).counted(2));
    while (!list.empty() && !list.failed()) {
        const int type = list.number(1);
        const std::string_view name = list.counted(2);
        if (type == 0 && !list.failed()) return name;
    }
    return {};
}

void read_extension(int type, std::string_view data, ClientHello& out) {
    switch (type) {
        case kServerName:
            out.server_name = host_name(data);
            break;
        case kSupportedGroups:
            out.has_curves = true;
            out.curves = Reader(data).counted(2);
            break;
        case kPointFormats:
            out.formats = Reader(data).counted(1);
            break;
        case kProtocols:
            out.protocols = Reader(data).counted(2);
            break;
        case kSessionTicket:
            out.has_session_ticket = true;
            break;
        case kSupportedVersions: {
            Reader list(Reader(data).counted(1));
            while (!list.empty() && !list.failed()) {
                const int version = list.number(2);
                const bool grease = (version & 0x0f0f) == 0x0a0a;  // RFC 8701
                if (!list.failed() && !grease) out.highest_version = std::max(out.highest_version, version);
            }
            break;
        }
        default:
            break;
    }
}

// The record's header; false: these bytes begin no handshake.
bool plausible_start(std::string_view bytes) {
    constexpr unsigned char kMajor = 3;
    if (!bytes.empty() && static_cast<unsigned char>(bytes[0]) != kHandshakeRecord) return false;
    return bytes.size() < 2 || static_cast<unsigned char>(bytes[1]) == kMajor;
}

// What follows the message's header.
bool read_hello(std::string_view bytes, ClientHello& out) {
    Reader hello(bytes);
    out.version = out.highest_version = hello.number(2);
    hello.take(32);    // random
    hello.counted(1);  // session id
    out.ciphers = hello.counted(2);
    hello.counted(1);  // compression methods
    if (hello.failed()) return false;
    if (hello.empty()) return true;  // SSLv3 and TLS 1.0 may have no extensions
    out.extensions = hello.counted(2);
    Reader extensions(out.extensions);
    while (!extensions.empty()) {
        const int extension = extensions.number(2);
        const std::string_view data = extensions.counted(2);
        if (extensions.failed()) return false;
        read_extension(extension, data, out);
    }
    return !hello.failed();
}

}  // namespace

HelloStatus parse_hello_type(std::string_view bytes, int& type) {
    if (!plausible_start(bytes)) return HelloStatus::none;
    if (bytes.size() <= kRecordHeader) return HelloStatus::partial;
    type = static_cast<unsigned char>(bytes[kRecordHeader]);
    return HelloStatus::complete;
}

HelloStatus parse_client_hello(std::string_view bytes, ClientHello& out) {
    if (!plausible_start(bytes)) return HelloStatus::none;
    if (bytes.size() < kRecordHeader + kMessageHeader) return HelloStatus::partial;
    Reader record(bytes);
    record.take(1);
    out.record_version = record.number(2);
    const auto record_size = static_cast<std::size_t>(record.number(2));
    const int type = record.number(1);
    const auto size = static_cast<std::size_t>(record.number(3));
    // A hello that is spread over several records is not looked into, as nobody sends one.
    if (type != kClientHello || size + kMessageHeader > record_size) return HelloStatus::none;
    if (record.rest().size() < size) return HelloStatus::partial;

    return read_hello(record.take(size), out) ? HelloStatus::complete : HelloStatus::none;
}

bool parse_hello_message(std::string_view message, ClientHello& out) {
    Reader header(message);
    const int type = header.number(1);
    const auto size = static_cast<std::size_t>(header.number(3));
    const std::string_view hello = header.take(size);
    return !header.failed() && type == kClientHello && read_hello(hello, out);
}

int next_extension(std::string_view& rest) {
    if (rest.empty()) return -1;
    Reader reader(rest);
    const int type = reader.number(2);
    reader.counted(2);
    rest = reader.rest();
    return reader.failed() ? -1 : type;
}

std::string_view next_protocol(std::string_view& rest) {
    if (rest.empty()) return {};
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(rest[0]));
    if (size + 1 > rest.size()) return rest = {};
    const std::string_view name = rest.substr(1, size);
    rest.remove_prefix(size + 1);
    return name;
}

}  // namespace proxyd::rules
