// protobuf and ungrpc: a field of a Protocol Buffers message, alone or behind gRPC's prefix (configuration
// manual 7.3.1; Protocol Buffers "Encoding", gRPC over HTTP/2 "Length-Prefixed-Message").
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "common/text.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

enum class Wire : unsigned char { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
    std::uint64_t number = 0;
    Wire wire = Wire::varint;
    std::string_view raw;     // as it is on the wire, bytes without their length
    std::uint64_t value = 0;  // of the numbers
};

// At most ten bytes, seven bits each, the lowest first.
bool read_varint(std::string_view& rest, std::uint64_t& out) {
    out = 0;
    for (std::size_t i = 0; i < rest.size() && i < 10; ++i) {
        const auto byte = static_cast<unsigned char>(rest[i]);
        out |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
        if (byte < 0x80) return rest.remove_prefix(i + 1), true;
    }
    return false;
}

bool read_fixed(std::string_view& rest, std::size_t size, Field& out) {
    if (rest.size() < size) return false;
    out.raw = rest.substr(0, size);
    for (std::size_t i = size; i > 0; --i)
        out.value = out.value << 8 | static_cast<unsigned char>(rest[i - 1]);
    rest.remove_prefix(size);
    return true;
}

bool next_field(std::string_view& rest, Field& out) {
    out = {};
    std::uint64_t key = 0, size = 0;
    if (!read_varint(rest, key)) return false;
    out.number = key >> 3;
    out.wire = static_cast<Wire>(key & 7);
    const std::string_view before = rest;
    switch (out.wire) {
        case Wire::varint:
            if (!read_varint(rest, out.value)) return false;
            out.raw = before.substr(0, before.size() - rest.size());
            return true;
        case Wire::fixed64:
            return read_fixed(rest, 8, out);
        case Wire::fixed32:
            return read_fixed(rest, 4, out);
        case Wire::bytes:
            if (!read_varint(rest, size) || size > rest.size()) return false;
            out.raw = rest.substr(0, size);
            rest.remove_prefix(size);
            return true;
    }
    return false;  // groups are gone from the language
}

std::int64_t plain(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
std::int64_t signed32(std::uint64_t value) {
    return static_cast<std::int32_t>(value);
}
std::int64_t unsigned32(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}
std::int64_t zigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}
std::int64_t truth(std::uint64_t value) {
    return value != 0;
}
std::int64_t real32(std::uint64_t value) {
    return static_cast<std::int64_t>(std::bit_cast<float>(static_cast<std::uint32_t>(value)));
}
std::int64_t real64(std::uint64_t value) {
    return static_cast<std::int64_t>(std::bit_cast<double>(value));
}

struct Type {
    std::string_view name;
    Wire wire;
    std::int64_t (*number)(std::uint64_t);  // null: text or bytes
};
constexpr std::array kTypes{
    Type{"int32", Wire::varint, signed32},     Type{"int64", Wire::varint, plain},
    Type{"uint32", Wire::varint, unsigned32},  Type{"uint64", Wire::varint, plain},
    Type{"sint32", Wire::varint, zigzag},      Type{"sint64", Wire::varint, zigzag},
    Type{"bool", Wire::varint, truth},         Type{"enum", Wire::varint, signed32},
    Type{"fixed64", Wire::fixed64, plain},     Type{"sfixed64", Wire::fixed64, plain},
    Type{"double", Wire::fixed64, real64},     Type{"fixed32", Wire::fixed32, unsigned32},
    Type{"sfixed32", Wire::fixed32, signed32}, Type{"float", Wire::fixed32, real32},
    Type{"string", Wire::bytes, nullptr},      Type{"bytes", Wire::bytes, nullptr},
};

struct Wanted : Prepared {
    std::vector<std::uint64_t> path;
    const Type* type = nullptr;  // null: as it is on the wire
};

bool find_field(std::string_view message, const Wanted& wanted, Sample& out) {
    for (std::size_t depth = 0; depth < wanted.path.size(); ++depth) {
        const bool last = depth + 1 == wanted.path.size();
        Field field;
        do {
            if (message.empty() || !next_field(message, field)) return false;
        } while (field.number != wanted.path[depth] || (!last && field.wire != Wire::bytes));
        if (!last) {
            message = field.raw;
            continue;
        }
        if (wanted.type == nullptr) return out.set_binary(field.raw), true;
        if (wanted.type->wire != field.wire) return false;
        if (wanted.type->number != nullptr) return out.set_int(wanted.type->number(field.value)), true;
        wanted.type->name == "string" ? out.set_text(field.raw) : out.set_binary(field.raw);
        return true;
    }
    return false;
}

bool convert_protobuf(const Context&, const Arguments& arguments, Sample& sample) {
    return find_field(sample.text, arguments.prepared<Wanted>(0), sample);
}

// One byte that says compressed, four with the length, the message; several may follow each other.
bool convert_ungrpc(const Context&, const Arguments& arguments, Sample& sample) {
    constexpr std::size_t kPrefix = 5;
    std::string_view rest = sample.text;
    while (rest.size() > kPrefix && rest[0] == 0) {
        std::size_t size = 0;
        for (std::size_t i = 1; i < kPrefix; ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
        rest.remove_prefix(kPrefix);
        if (find_field(rest.substr(0, size), arguments.prepared<Wanted>(0), sample)) return true;
        rest.remove_prefix(std::min(size, rest.size()));
    }
    return false;
}

// "1.2.3" and the name of a type.
common::Result<> check_field(Arguments& arguments) {
    auto wanted = std::make_shared<Wanted>();
    for (const std::string_view piece : common::split(arguments.text(0), '.')) {
        const auto number = common::parse_number(piece, 1, 536'870'911);
        if (!number)
            return common::fail("'" + std::string(arguments.text(0)) + "' is no field number such as 1.2",
                                common::Side::config);
        wanted->path.push_back(static_cast<std::uint64_t>(*number));
    }
    if (arguments.has(1)) {
        const auto* type = std::ranges::find(kTypes, arguments.text(1), &Type::name);
        if (type == kTypes.end())
            return common::fail("unknown type '" + std::string(arguments.text(1)) + "'",
                                common::Side::config);
        wanted->type = type;
    }
    arguments.set(0, std::shared_ptr<const Prepared>(std::move(wanted)));
    return {};
}

constexpr ArgumentSpec kField{1, {ArgumentKind::text, ArgumentKind::text}};

constexpr std::array kRows{
    ConverterRow{"protobuf", SampleType::binary, SampleType::any, kField, convert_protobuf,
                 "a field of a Protocol Buffers message", check_field},
    ConverterRow{"ungrpc", SampleType::binary, SampleType::any, kField, convert_ungrpc,
                 "a field of a gRPC message", check_field},
};

}  // namespace

std::span<const ConverterRow> protobuf_converters() {
    return kRows;
}

}  // namespace proxyd::rules
