#include "proxyd/http/compression.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <ranges>

#include "common/text.h"
#include "proxyd/http/elements.h"

namespace proxyd::http {

namespace {

CompressionEffort effort_of_all;

// How zlib's window bits say the wrapping.
enum class Wrapping : std::uint8_t { zlib, gzip, none };
constexpr std::size_t kPiece = 4096;    // output grows by this
constexpr std::size_t kSizeField = 10;  // of a chunk: eight digits and CR LF, in front of the data
constexpr std::size_t kMostSpare = 32;  // engines that a thread keeps; 256 kB each
constexpr std::string_view kCrlf = "\r\n", kEnd = "0\r\n\r\n";

struct CodingRow {
    std::string_view word, wire;
    Coding coding;
    Wrapping wrapping;
};
constexpr CodingRow kCodings[] = {
    {"identity", "identity", Coding::identity, Wrapping::none},
    {"gzip", "gzip", Coding::gzip, Wrapping::gzip},
    {"deflate", "deflate", Coding::deflate, Wrapping::zlib},
    {"raw-deflate", "deflate", Coding::raw_deflate, Wrapping::none},
};

const CodingRow& row(Coding coding) {
    return kCodings[static_cast<std::size_t>(coding)];
}

// Old browsers that claim codings which they cannot decode: "Mozilla/4" other than MSIE 6 with SP2 and MSIE 7
// on, as HAProxy has it.
bool old_browser(const Message& request) {
    const Field* agent = request.fields.find(FieldId::user_agent);
    if (!agent || !agent->value.starts_with("Mozilla/4")) return false;
    const std::string_view text = agent->value;
    const bool known = text.size() > 31 && text.substr(25, 5) == "MSIE " && text[30] >= '6';
    return !known || (text[30] == '6' && !text.contains("SV1"));
}

enum class Tag : std::uint8_t { none, strong, weak, invalid };

Tag tag_of(const Fields& fields) {
    if (fields.count("etag") == 0) return Tag::none;
    std::string_view text = fields.find("etag")->value;
    const bool weak = text.starts_with("W/");
    if (weak) text.remove_prefix(2);
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    if (!quoted || text.substr(1, text.size() - 2).contains('"') || fields.count("etag") > 1)
        return Tag::invalid;
    return weak ? Tag::weak : Tag::strong;
}

bool right_type(const Message& response, std::span<const std::string> types) {
    const Field* type = response.fields.find(FieldId::content_type);
    if (!type) return types.empty();
    const auto begins_with = [&](std::string_view wanted) {
        return common::iequals(type->value.substr(0, wanted.size()), wanted);
    };
    return !begins_with("multipart") && (types.empty() || std::ranges::any_of(types, begins_with));
}

// What requests and responses have in common.
bool may_transform(const Message& message, std::span<const std::string> types) {
    if (message.version == Version::http_1_0) return false;
    const bool has_body = message.framing == Framing::chunked ||
                          (message.framing == Framing::length && message.content_length > 0);
    if (!has_body || message.fields.find(FieldId::content_encoding)) return false;
    bool forbidden = false;
    for_each_element(message.fields, "cache-control", [&](std::string_view element) {
        forbidden |= common::iequals(element, "no-transform");
    });
    return !forbidden && right_type(message, types);
}

}  // namespace

int quality(std::string_view element) {
    for (std::size_t at = element.find(';'); at != std::string_view::npos; at = element.find(';', at + 1)) {
        std::string_view parameter = common::trim(element.substr(at + 1));
        if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
        parameter = parameter.substr(2, parameter.find(';') - 2);
        if (parameter.starts_with('1')) return 1000;
        int value = 0, scale = 100;
        for (const char c : parameter.substr(std::min<std::size_t>(parameter.size(), 2))) {
            if (c < '0' || c > '9') break;
            value += (c - '0') * scale;
            scale /= 10;
        }
        return value;
    }
    return 1000;
}

std::optional<Coding> coding_of(std::string_view word) {
    for (const CodingRow& candidate : kCodings)
        if (candidate.word == word) return candidate.coding;
    return std::nullopt;
}

std::string_view wire_name(Coding coding) {
    return row(coding).wire;
}

Coding accepted_coding(const Message& request, std::span<const Coding> offered) {
    Coding best = Coding::identity;
    int best_quality = 0;
    if (old_browser(request)) return best;
    for_each_element(request.fields, "accept-encoding", [&](std::string_view element) {
        const int value = quality(element);
        if (value <= best_quality) return;
        const std::string_view token = common::trim(element.substr(0, element.find(';')));
        // "*" gets the one that was named last, as in HAProxy.
        for (const Coding coding : std::views::reverse(offered))
            if (token == "*" || common::iequals(token, wire_name(coding))) {
                best = coding;
                best_quality = value;
                break;
            }
    });
    return best;
}

bool compressible(const Message& response, std::span<const std::string> types) {
    if (response.status < 200 || response.status > 203) return false;
    return tag_of(response.fields) != Tag::invalid && may_transform(response, types);
}

bool compressible_request(const Message& request, std::span<const std::string> types) {
    return may_transform(request, types);
}

void mark_compressed(Message& response, Coding coding) {
    Fields& fields = response.fields;
    common::Arena& arena = *response.arena;
    if (tag_of(fields) == Tag::strong) {
        const auto& all = fields.all();
        const auto tag =
            std::ranges::find_if(all, [](const Field& f) { return common::iequals(f.name, "etag"); });
        const std::string_view weak = arena.concat({"W/", tag->value});
        fields.replace_value(arena, static_cast<std::size_t>(tag - all.begin()), weak);
    }
    bool varies = false;
    for_each_element(fields, "vary", [&](std::string_view element) {
        varies |= element == "*" || common::iequals(element, "accept-encoding");
    });
    if (!varies) fields.add(arena, "vary", "Accept-Encoding");
    fields.add(arena, "content-encoding", wire_name(coding));
}

struct Compressor::Engine {
    z_stream stream{};
    bool ready = false;
    std::int64_t bytes = 0;  // of the memory of all
    static inline std::atomic<std::int64_t> bytes_of_all{0};

    ~Engine() {
        if (ready) ::deflateEnd(&stream);
        bytes_of_all.fetch_sub(bytes, std::memory_order_relaxed);
    }

    bool start(Coding coding) {
        const CompressionEffort& effort = effort_of_all;
        // zlib's own words on what deflate takes (zconf.h).
        bytes =
            (std::int64_t{1} << (effort.window_bits + 2)) + (std::int64_t{1} << (effort.memory_level + 9));
        const std::int64_t together = bytes_of_all.fetch_add(bytes, std::memory_order_relaxed) + bytes;
        if (effort.most_memory > 0 && together > effort.most_memory) return false;
        constexpr int kGzip = 16;  // added to the window bits
        const Wrapping wrapping = row(coding).wrapping;
        const int bits = wrapping == Wrapping::none   ? -effort.window_bits
                         : wrapping == Wrapping::gzip ? effort.window_bits + kGzip
                                                      : effort.window_bits;
        ready = ::deflateInit2(&stream, effort.level, Z_DEFLATED, bits, effort.memory_level,
                               Z_DEFAULT_STRATEGY) == Z_OK;
        return ready;
    }
};

namespace {

struct Taken {
    std::uint64_t in = 0, out = 0;
};
thread_local Taken taken;

std::uint32_t take_kilobytes(std::uint64_t& bytes) {
    const std::uint64_t kilobytes = bytes >> 10U;
    bytes &= 1023U;
    return static_cast<std::uint32_t>(kilobytes);
}

// Making one costs more than compressing a small body.
using Spare = std::array<std::vector<std::unique_ptr<Compressor::Engine>>, std::size(kCodings)>;
Spare& spare_engines() {
    static thread_local Spare spare;
    return spare;
}

}  // namespace

void set_compression_effort(const CompressionEffort& effort) {
    effort_of_all = effort;
}

CompressedKilobytes take_compressed_kilobytes() {
    return {take_kilobytes(taken.in), take_kilobytes(taken.out)};
}

std::unique_ptr<Compressor> Compressor::make(Coding coding) {
    auto& spare = spare_engines()[static_cast<std::size_t>(coding)];
    std::unique_ptr<Engine> engine;
    if (!spare.empty()) {
        engine = std::move(spare.back());
        spare.pop_back();
    } else {
        engine = std::make_unique<Engine>();
        if (!engine->start(coding)) return nullptr;
    }
    return std::unique_ptr<Compressor>(new Compressor(std::move(engine), coding));
}

Compressor::Compressor(std::unique_ptr<Engine> engine, Coding coding)
    : engine_(std::move(engine)), coding_(coding) {}

Compressor::~Compressor() {
    auto& spare = spare_engines()[static_cast<std::size_t>(coding_)];
    if (spare.size() < kMostSpare && ::deflateReset(&engine_->stream) == Z_OK)
        spare.push_back(std::move(engine_));
}

void Compressor::run(std::string_view input, int mode) {
    z_stream& stream = engine_->stream;
    const std::uint64_t out_before = bytes_out_;
    // zlib's interface is older than const; it does not write there.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    if (chunk_.empty()) chunk_.resize(kSizeField);
    do {
        const std::size_t before = chunk_.size();
        chunk_.resize(before + kPiece);
        stream.next_out = reinterpret_cast<Bytef*>(chunk_.data() + before);
        stream.avail_out = kPiece;
        ::deflate(&stream, mode);
        chunk_.resize(before + kPiece - stream.avail_out);
        bytes_out_ += kPiece - stream.avail_out;
    } while (stream.avail_out == 0);
    bytes_in_ += input.size();
    taken.in += input.size();
    taken.out += bytes_out_ - out_before;
}

void Compressor::add(std::string_view payload) {
    if (!payload.empty()) run(payload, Z_NO_FLUSH);
}

void Compressor::flush() {
    run({}, Z_SYNC_FLUSH);
}

void Compressor::finish() {
    if (finished_) return;
    run({}, Z_FINISH);
    finished_ = true;
}

std::string_view Compressor::chunk() {
    if (chunk_.empty()) return {};
    const std::size_t size = chunk_.size() - kSizeField;
    std::size_t begin = kSizeField;
    if (size > 0) {
        std::array<char, 8> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
        const auto count = static_cast<std::size_t>(end - digits.data());
        begin = kSizeField - kCrlf.size() - count;
        std::copy(digits.data(), end, chunk_.begin() + static_cast<std::ptrdiff_t>(begin));
        std::ranges::copy(kCrlf, chunk_.begin() + static_cast<std::ptrdiff_t>(begin + count));
        chunk_ += kCrlf;
    }
    if (finished_) chunk_ += kEnd;
    return std::string_view(chunk_).substr(begin);
}

}  // namespace proxyd::http
