// mqtt_is_valid and mqtt_field_value: the first packet of either side, CONNECT and CONNACK (configuration
// manual 7.3.1; MQTT 3.1.1 and MQTT 5.0, OASIS standards, chapters 2, 3.1 and 3.2).
#include <algorithm>
#include <array>
#include <charconv>

#include "common/text.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

enum Type : unsigned char { kConnect = 1, kConnack = 2 };

// Takes the data types of chapter 1.5 off the front. Once something is missing nothing comes any more.
class Reader {
 public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    bool good() const { return good_; }
    std::string_view rest() const { return rest_; }
    std::string_view take(std::size_t size) {
        good_ = good_ && size <= rest_.size();
        if (!good_) return {};
        const std::string_view out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return out;
    }
    std::uint32_t number(std::size_t bytes) {
        std::uint32_t out = 0;
        for (const char c : take(bytes)) out = out << 8 | static_cast<unsigned char>(c);
        return out;
    }
    // Variable byte integer: seven bits a byte, the lowest first, four bytes at most.
    std::uint32_t varint() {
        std::uint32_t out = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            const std::uint32_t byte = number(1);
            out |= (byte & 0x7f) << shift;
            if (byte < 0x80) return out;
        }
        good_ = false;
        return 0;
    }
    // A string or binary data: two bytes of length before it.
    std::string_view text() { return take(number(2)); }

 private:
    std::string_view rest_;
    bool good_ = true;
};

enum class Shape : unsigned char { none, byte, two_bytes, four_bytes, text, pair };

struct PropertyRow {
    std::uint8_t id;
    Shape shape;
    bool connect, will, connack;  // where it may stand
};
constexpr PropertyRow kProperties[] = {
    {1, Shape::byte, false, true, false},         // payload format indicator
    {2, Shape::four_bytes, false, true, false},   // message expiry interval
    {3, Shape::text, false, true, false},         // content type
    {8, Shape::text, false, true, false},         // response topic
    {9, Shape::text, false, true, false},         // correlation data
    {17, Shape::four_bytes, true, false, true},   // session expiry interval
    {18, Shape::text, false, false, true},        // assigned client identifier
    {19, Shape::two_bytes, false, false, true},   // server keep alive
    {21, Shape::text, true, false, true},         // authentication method
    {22, Shape::text, true, false, true},         // authentication data
    {23, Shape::byte, true, false, false},        // request problem information
    {24, Shape::four_bytes, false, true, false},  // will delay interval
    {25, Shape::byte, true, false, false},        // request response information
    {26, Shape::text, false, false, true},        // response information
    {28, Shape::text, false, false, true},        // server reference
    {31, Shape::text, false, false, true},        // reason string
    {33, Shape::two_bytes, true, false, true},    // receive maximum
    {34, Shape::two_bytes, true, false, true},    // topic alias maximum
    {36, Shape::byte, false, false, true},        // maximum QoS
    {37, Shape::byte, false, false, true},        // retain available
    {38, Shape::pair, true, true, true},          // user property
    {39, Shape::four_bytes, true, false, true},   // maximum packet size
    {40, Shape::byte, false, false, true},        // wildcard subscription available
    {41, Shape::byte, false, false, true},        // subscription identifiers available
    {42, Shape::byte, false, false, true},        // shared subscription available
};
constexpr std::size_t kPropertyIds = 43;

// A number or a text; neither: it is not there.
struct Value {
    bool is_number = false;
    std::uint32_t number = 0;
    std::string_view text;

    bool present() const { return is_number || text.data() != nullptr; }
    void set(std::uint32_t value) { is_number = true, number = value; }
};

enum Field : unsigned char {
    kFlags,
    kProtocolName,
    kProtocolVersion,
    kClientIdentifier,
    kWillTopic,
    kWillPayload,
    kUsername,
    kPassword,
    kKeepalive,
    kReasonCode,
    kFirstProperty
};

struct FieldRow {
    std::string_view name;
    Field field;
    bool connect, connack;
};
constexpr FieldRow kFields[] = {
    {"flags", kFlags, true, true},
    {"protocol_name", kProtocolName, true, false},
    {"protocol_version", kProtocolVersion, true, true},
    {"client_identifier", kClientIdentifier, true, false},
    {"will_topic", kWillTopic, true, false},
    {"will_payload", kWillPayload, true, false},
    {"username", kUsername, true, false},
    {"password", kPassword, true, false},
    {"keepalive", kKeepalive, true, false},
    {"reason_code", kReasonCode, false, true},
};

struct Packet {
    Type type = kConnect;
    std::array<Value, kFirstProperty + kPropertyIds> values;  // fields, then properties by number
};

// A list of properties with its length before it. False: one is unknown, misplaced, or comes twice.
bool read_properties(Reader& reader, bool PropertyRow::* allowed, Packet& packet) {
    const std::size_t size = reader.varint();
    Reader list(reader.take(size));
    while (reader.good() && list.good() && !list.rest().empty()) {
        const std::uint32_t id = list.number(1);
        const auto* row = std::ranges::find(kProperties, id, &PropertyRow::id);
        if (row == std::end(kProperties) || !(row->*allowed)) return false;
        Value& value = packet.values[kFirstProperty + id];
        if (value.present()) return false;
        switch (row->shape) {
            case Shape::none:
                return false;
            case Shape::byte:
                value.set(list.number(1));
                break;
            case Shape::two_bytes:
                value.set(list.number(2));
                break;
            case Shape::four_bytes:
                value.set(list.number(4));
                break;
            case Shape::text:
                value.text = list.text();
                break;
            case Shape::pair:  // any number of them; none has a name to ask for
                list.text();
                list.text();
                break;
        }
    }
    return reader.good() && list.good();
}

bool read_connect(Reader& reader, Packet& packet) {
    auto& values = packet.values;
    values[kProtocolName].text = reader.text();
    const std::uint32_t version = reader.number(1);
    const std::uint32_t flags = reader.number(1);
    values[kProtocolVersion].set(version);
    values[kFlags].set(flags);
    values[kKeepalive].set(reader.number(2));
    const std::string_view name = values[kProtocolName].text;
    const bool known =
        (name == "MQIsdp" && version == 3) || (name == "MQTT" && (version == 4 || version == 5));
    if (!reader.good() || !known || (flags & 1) != 0) return false;
    const bool will = (flags & 0x04) != 0, user = (flags & 0x80) != 0, password = (flags & 0x40) != 0;
    constexpr std::uint32_t kNoQuality = 3;  // of the will
    if ((flags >> 3 & 3) == kNoQuality) return false;
    if (version < 5 && password && !user) return false;
    if (version == 5 && !read_properties(reader, &PropertyRow::connect, packet)) return false;
    values[kClientIdentifier].text = reader.text();
    if (will) {
        if (version == 5 && !read_properties(reader, &PropertyRow::will, packet)) return false;
        values[kWillTopic].text = reader.text();
        values[kWillPayload].text = reader.text();
    }
    if (user) values[kUsername].text = reader.text();
    if (password) values[kPassword].text = reader.text();
    return reader.good();
}

// The packet does not say its version; only that of MQTT 5 has properties.
bool read_connack(Reader& reader, Packet& packet) {
    auto& values = packet.values;
    const std::uint32_t flags = reader.number(1);
    values[kFlags].set(flags);
    values[kReasonCode].set(reader.number(1));
    if (!reader.good() || (flags & 0xfe) != 0) return false;
    if (reader.rest().empty()) {
        values[kProtocolVersion].set(4);
        return true;
    }
    values[kProtocolVersion].set(5);
    return read_properties(reader, &PropertyRow::connack, packet);
}

enum class Verdict : unsigned char { valid, invalid, incomplete };

// The low four bits of the first byte (section 2.1.3) are fixed, but for PUBLISH, which no connection begins
// with.
bool flags_fit(std::uint32_t head) {
    constexpr std::uint32_t kPublish = 3, kPubrel = 6, kSubscribe = 8, kUnsubscribe = 10;
    const std::uint32_t type = head >> 4;
    const bool marked = type == kPubrel || type == kSubscribe || type == kUnsubscribe;
    return type != kPublish && (head & 15) == (marked ? 2U : 0U);
}

// The packet that the bytes begin with.
Verdict read_packet(std::string_view bytes, Packet& packet) {
    Reader reader(bytes);
    const std::uint32_t head = reader.number(1);
    const std::uint32_t size = reader.varint();
    if (bytes.size() > 1 && !flags_fit(head)) return Verdict::invalid;
    if (!reader.good() || size > reader.rest().size()) return Verdict::incomplete;
    if (head != kConnect << 4 && head != kConnack << 4) return Verdict::invalid;
    packet.type = static_cast<Type>(head >> 4);
    Reader body(reader.rest().substr(0, size));
    const bool read = packet.type == kConnect ? read_connect(body, packet) : read_connack(body, packet);
    return read && body.rest().empty() ? Verdict::valid : Verdict::invalid;
}

// Nothing while bytes are missing.
bool convert_is_valid(const Context&, const Arguments&, Sample& sample) {
    Packet packet;
    const Verdict verdict = read_packet(sample.text, packet);
    return sample.set_bool(verdict == Verdict::valid), verdict != Verdict::incomplete;
}

// A number that the packet leaves out is 0, as in HAProxy.
bool is_missing_number(const Packet& packet, std::size_t place) {
    if (place < kFirstProperty || packet.values[kProtocolVersion].number != 5) return false;
    const auto* row = std::ranges::find(kProperties, place - kFirstProperty, &PropertyRow::id);
    return row != std::end(kProperties) && row->shape != Shape::text;
}

bool convert_field(const Context& context, const Arguments& arguments, Sample& sample) {
    Packet packet;
    if (read_packet(sample.text, packet) != Verdict::valid || packet.type != arguments.number(0))
        return false;
    const auto place = static_cast<std::size_t>(arguments.number(1));
    Value& value = packet.values[place];
    if (!value.present() && is_missing_number(packet, place)) value.set(0);
    if (!value.present()) return false;
    if (!value.is_number) return sample.set_binary(value.text), true;
    if (context.arena == nullptr) return false;
    std::array<char, 12> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value.number).ptr;
    const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
    return sample.set_binary(context.arena->copy(text)), true;
}

// (connect|1|connack|2, field name or property number): to numbers.
common::Result<> check_field(Arguments& arguments) {
    const std::string_view type = arguments.text(0), name = arguments.text(1);
    const bool connect = type == "1" || common::iequals(type, "connect");
    if (!connect && type != "2" && !common::iequals(type, "connack"))
        return common::fail("the packet is 'connect' or 'connack', not '" + std::string(type) + "'",
                            common::Side::config);
    std::int64_t place = -1;
    for (const FieldRow& row : kFields)
        if ((connect ? row.connect : row.connack) && common::iequals(row.name, name)) place = row.field;
    const auto number = common::parse_number(name, 1, kPropertyIds - 1);
    for (const PropertyRow& row : kProperties)
        if (number && row.id == *number && row.shape != Shape::pair &&
            (connect ? row.connect || row.will : row.connack))
            place = kFirstProperty + row.id;
    if (place < 0)
        return common::fail("'" + std::string(name) + "' is no field or property of that packet",
                            common::Side::config);
    arguments.set(0, static_cast<std::int64_t>(connect ? kConnect : kConnack));
    arguments.set(1, place);
    return {};
}

constexpr std::array kRows{
    ConverterRow{"mqtt_is_valid",
                 SampleType::binary,
                 SampleType::boolean,
                 {},
                 convert_is_valid,
                 "a whole MQTT CONNECT or CONNACK packet"},
    ConverterRow{"mqtt_field_value", SampleType::binary, SampleType::binary,
                 ArgumentSpec{2, {ArgumentKind::text, ArgumentKind::text}}, convert_field,
                 "a field or property of an MQTT packet", check_field},
};

}  // namespace

std::span<const ConverterRow> mqtt_converters() {
    return kRows;
}

}  // namespace proxyd::rules
