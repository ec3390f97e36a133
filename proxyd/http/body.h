// The way of a body from one framing to another (RFC 9112 sections 6 and 7): a pure state machine over bytes.
// Payload is never copied: output is slices of the input, with small generated pieces in between.
//
//   in      out          what happens
//   length  length       counted, passed on
//   chunked chunked      chunk lines checked, extensions dropped, trailers filtered; clean runs pass as they
//   are chunked until_close  payload only (an HTTP/1.0 client) any     chunked      wrapped, one chunk per
//   feed() any     none         swallowed (a drained request, a HEAD turned into GET)
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxyd/http/message.h"
#include "proxyd/http/slices.h"

namespace proxyd::http {

enum class BodyStatus : std::uint8_t {
    need_more,  // all usable input was taken (or `out` is full: consumed < input.size() and out.room() is
                // small)
    done,       // the body ends at `consumed`; what follows belongs to the next message
    error       // the sender broke the framing: 400 or 502, close both sides
};

struct BodyProgress {
    BodyStatus status = BodyStatus::need_more;
    std::size_t consumed = 0;  // of this input; keep the rest (less than kMaxLine bytes) in front of the next
    std::uint64_t payload = 0;  // payload bytes among them
    const char* error = "";     // a sentence for the log
};

class BodyRelay {
 public:
    static constexpr std::size_t kMaxChunkLine = 1024;     // size, extensions, CRLF
    static constexpr std::size_t kMaxTrailerBytes = 8192;  // whole trailer section
    static constexpr std::size_t kMaxLine = 8192;          // input left over is always shorter than this

    // `in`/`length` as the parser found them, `out` as the serializer announced it. Framing::none as input is
    // done at once.
    void start(Framing in, std::uint64_t length, Framing out);
    // After start(): the fields behind the last chunk end here (option http-drop-request-trailers).
    void drop_trailers() { drop_trailers_ = true; }
    void start(const Message& message, Framing out) { start(message.framing, message.content_length, out); }

    // Takes bytes that follow the head. Slices point into `input` and into this object, and stay valid until
    // the next call. With Framing::none as output nothing is emitted. Unless done() already, call it once
    // even when there is no input yet: an empty body may have a last chunk to emit.
    BodyProgress feed(std::string_view input, Slices& out);

    // The sender closed its side. Done for until_close (emits the last chunk where needed), else an error:
    // the message was cut short.
    BodyProgress end(Slices& out);

    // Decoded payload only, for those who want to look at it (http-request wait-for-body): calls `sink` with
    // each run.
    template <class Sink>
    BodyProgress decode(std::string_view input, Sink sink) {
        Slices runs;
        BodyProgress total;
        while (true) {
            runs.clear();
            const BodyProgress step = feed(input.substr(total.consumed), runs);
            for (const iovec& run : runs.pieces()) {
                sink(std::string_view(static_cast<const char*>(run.iov_base), run.iov_len));
            }
            total.consumed += step.consumed;
            total.payload += step.payload;
            total.status = step.status;
            total.error = step.error;
            if (step.status != BodyStatus::need_more || step.consumed == 0) return total;
        }
    }

    bool done() const { return state_ == State::done; }
    std::uint64_t payload_total() const { return payload_total_; }

    // Bytes ahead that may be moved unseen from socket to socket (splice): payload that needs no new framing.
    // 0 when the next bytes must be looked at. passed() tells how many went that way.
    std::uint64_t passthrough() const;
    void passed(std::uint64_t count);

 private:
    enum class State : std::uint8_t { data, chunk_line, chunk_data, chunk_end, trailers, done, failed };

    BodyProgress step(std::string_view input, Slices& out);
    BodyProgress take_payload(std::string_view input, Slices& out);
    BodyProgress take_chunk_line(std::string_view input, Slices& out);
    BodyProgress take_chunk_end(std::string_view input, Slices& out);
    BodyProgress take_trailer(std::string_view input, Slices& out);
    BodyProgress fail(const char* why);
    void emit_chunk_head(std::uint64_t size, Slices& out);
    bool rechunk() const { return out_ == Framing::chunked && in_ != Framing::chunked; }

    Framing in_ = Framing::none;
    Framing out_ = Framing::none;
    State state_ = State::done;
    bool drop_trailers_ = false;
    std::uint64_t remaining_ = 0;  // of the body (length) or of the chunk
    std::uint64_t payload_total_ = 0;
    std::size_t trailer_bytes_ = 0;
    std::array<char, 24> chunk_head_{};
};

}  // namespace proxyd::http
