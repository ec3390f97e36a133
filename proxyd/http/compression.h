// Content codings that responses are compressed with (RFC 9110 section 8.4.1), and when that is allowed
// (configuration manual 4.2, compression). Nothing here knows of sockets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxyd/http/message.h"

namespace proxyd::http {

// deflate: with zlib's header, as the RFC has it; raw_deflate: without, as some clients expect under the same
// name.
enum class Coding : std::uint8_t { identity, gzip, deflate, raw_deflate };

std::optional<Coding> coding_of(std::string_view word);  // of a `compression algo` line
std::string_view wire_name(Coding coding);               // "gzip"; raw deflate is "deflate", too

// The weight of an element of Accept-Encoding and its like, in thousandths; 1000 without one (RFC 9110
// section 12.4.2).
int quality(std::string_view element);

// The best of `offered` that the request accepts; identity: none.
Coding accepted_coding(const Message& request, std::span<const Coding> offered);

// Whether a response may be compressed: its status, version, entity tag, cache control, coding and type; one
// that ends with its connection may not. `types`: beginnings of content types; empty: all.
bool compressible(const Message& response, std::span<const std::string> types);

// The same for a request: its version, its body, coding, cache control and type.
bool compressible_request(const Message& request, std::span<const std::string> types);

// The header of a compressed response: Content-Encoding, Vary, a weak ETag.
void mark_compressed(Message& response, Coding coding);

// What the process spends on compression (configuration manual 3.2).
struct CompressionEffort {
    int level = 1;                 // 0 to 9: tune.comp.maxlevel
    int window_bits = 15;          // 9 to 15: tune.zlib.windowsize
    int memory_level = 8;          // 1 to 9: tune.zlib.memlevel
    std::int64_t most_memory = 0;  // bytes of all compressors at a time: maxzlibmem; 0: no limit
};
// Before the first body is compressed.
void set_compression_effort(const CompressionEffort& effort);

// What the compressors of this thread took in and gave out since it was last asked, rounded down; the rest
// counts the next time.
struct CompressedKilobytes {
    std::uint32_t in = 0, out = 0;
};
CompressedKilobytes take_compressed_kilobytes();

// Compresses one body and frames it in chunks.
class Compressor {
 public:
    static std::unique_ptr<Compressor> make(Coding coding);  // null when there is no memory for it
    ~Compressor();
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;

    void clear() { chunk_.clear(); }     // what was taken is written
    void add(std::string_view payload);  // any amount
    void flush();                        // so that the receiver can decode all that was added
    void finish();                       // the end of the body; the last chunk follows
    bool finished() const { return finished_; }
    // The chunk with all since clear(), valid until the next call; empty when there is nothing to send yet.
    std::string_view chunk();

    std::uint64_t bytes_in() const { return bytes_in_; }
    std::uint64_t bytes_out() const { return bytes_out_; }

    struct Engine;  // of zlib

 private:
    Compressor(std::unique_ptr<Engine> engine, Coding coding);
    void run(std::string_view input, int mode);

    std::unique_ptr<Engine> engine_;
    Coding coding_;
    std::string chunk_;
    std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
    bool finished_ = false;
};

}  // namespace proxyd::http
