#include "proxyd/http/body.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <limits>

#include "common/text.h"
#include "proxyd/http/chars.h"

namespace proxyd::http {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n";
constexpr std::size_t kMaxSizeDigits = 16;  // of a 64-bit number
constexpr std::size_t kRoomPerStep = 4;     // pieces that one step may add

// Fields that mean something before the body only (RFC 9110 section 6.5.1): in a trailer they are an attempt
// to change framing, routing, authentication or caching after the decision was made.
constexpr std::string_view kNotInTrailers[] = {
    "transfer-encoding",
    "content-length",
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "max-forwards",
    "content-encoding",
    "content-type",
    "content-range",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-range",
    "cache-control",
    "pragma",
    "authorization",
    "cookie",
    "set-cookie",
    "www-authenticate",
    "x-forwarded-for",
    "forwarded",
    "proxy-authorization",
    "proxy-authenticate",
    "if-unmodified-since",
    "authentication-info",
    "proxy-authentication-info",
};

bool allowed_in_trailer(std::string_view name) {
    return std::ranges::none_of(kNotInTrailers,
                                [&](std::string_view banned) { return common::iequals(name, banned); });
}

enum class LineEnd : std::uint8_t { found, missing, broken };

// Looks for CRLF; `stop` is the index of its CR.
LineEnd find_crlf(std::string_view input, std::size_t& stop) {
    stop = find_control(input, 0);
    if (stop == input.size()) return LineEnd::missing;
    if (input[stop] != '\r') return LineEnd::broken;
    if (stop + 1 == input.size()) return LineEnd::missing;
    return input[stop + 1] == '\n' ? LineEnd::found : LineEnd::broken;
}

}  // namespace

void BodyRelay::start(Framing in, std::uint64_t length, Framing out) {
    in_ = in;
    out_ = out;
    remaining_ = in == Framing::length ? length : 0;
    payload_total_ = 0;
    trailer_bytes_ = 0;
    drop_trailers_ = false;
    switch (in) {
        case Framing::none:
            state_ = State::done;
            break;
        case Framing::length:
            state_ = length == 0 && !rechunk() ? State::done : State::data;
            break;
        case Framing::chunked:
            state_ = State::chunk_line;
            break;
        case Framing::until_close:
            state_ = State::data;
            break;
    }
}

BodyProgress BodyRelay::fail(const char* why) {
    state_ = State::failed;
    return {BodyStatus::error, 0, 0, why};
}

BodyProgress BodyRelay::feed(std::string_view input, Slices& out) {
    BodyProgress total;
    while (state_ != State::done) {
        if (out.room() < kRoomPerStep) return total;
        const State before = state_;
        const BodyProgress now = step(input.substr(total.consumed), out);
        total.consumed += now.consumed;
        total.payload += now.payload;
        if (now.status == BodyStatus::error) {
            total.status = BodyStatus::error;
            total.error = now.error;
            return total;
        }
        if (now.consumed == 0 && state_ == before) return total;
    }
    total.status = BodyStatus::done;
    return total;
}

BodyProgress BodyRelay::step(std::string_view input, Slices& out) {
    switch (state_) {
        case State::data:
        case State::chunk_data:
            return take_payload(input, out);
        case State::chunk_line:
            return take_chunk_line(input, out);
        case State::chunk_end:
            return take_chunk_end(input, out);
        case State::trailers:
            return take_trailer(input, out);
        case State::failed:
            return fail("the body's framing was broken before");
        case State::done:
            break;
    }
    return {BodyStatus::done, 0, 0, ""};
}

void BodyRelay::emit_chunk_head(std::uint64_t size, Slices& out) {
    const auto end =
        std::to_chars(chunk_head_.data(), chunk_head_.data() + chunk_head_.size() - 2, size, 16).ptr;
    const auto line_end = std::ranges::copy(kCrlf, end).out;
    out.add({chunk_head_.data(), line_end});
}

BodyProgress BodyRelay::take_payload(std::string_view input, Slices& out) {
    const bool bounded = in_ != Framing::until_close;
    const std::size_t size =
        bounded ? static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), remaining_)) : input.size();
    if (size > 0 && out_ != Framing::none) {
        if (rechunk()) emit_chunk_head(size, out);
        out.add(input.substr(0, size));
        if (rechunk()) out.add(kCrlf);
    }
    payload_total_ += size;
    if (bounded) {
        remaining_ -= size;
        if (remaining_ == 0 && state_ == State::chunk_data) {
            state_ = State::chunk_end;
        } else if (remaining_ == 0) {
            state_ = State::done;
            if (rechunk()) {
                out.add(kLastChunk);
                out.add(kCrlf);
            }
        }
    }
    return {BodyStatus::need_more, size, size, ""};
}

// chunk-size [ chunk-ext ] CRLF, RFC 9112 section 7.1. Extensions are dropped.
BodyProgress BodyRelay::take_chunk_line(std::string_view input, Slices& out) {
    std::size_t stop = 0;
    const LineEnd end = find_crlf(input, stop);
    if (end == LineEnd::broken) return fail("broken end of a chunk size");
    if (stop + kCrlf.size() > kMaxChunkLine) return fail("chunk extension too long");

    std::size_t digits = 0;
    std::uint64_t size = 0;
    const std::string_view line = input.substr(0, stop);
    const auto [digits_end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    digits = static_cast<std::size_t>(digits_end - line.data());
    const bool not_hex = digits == 0 && !line.empty();
    if (not_hex || error == std::errc::result_out_of_range || digits > kMaxSizeDigits || size > INT64_MAX) {
        return fail("invalid chunk size");
    }
    std::size_t after = digits;
    while (after < line.size() && is_blank(line[after])) ++after;
    if (after < line.size() && line[after] != ';') return fail("invalid chunk size");
    if (end == LineEnd::missing) return {};
    if (digits == 0) return fail("empty chunk size");

    const std::size_t next = stop + kCrlf.size();
    if (out_ == Framing::chunked) {
        if (size == 0) {
            out.add(kLastChunk);
        } else if (digits == line.size()) {
            out.add(input.substr(0, next));
        } else {
            out.add(line.substr(0, digits));
            out.add(kCrlf);
        }
    }
    remaining_ = size;
    state_ = size == 0 ? State::trailers : State::chunk_data;
    return {BodyStatus::need_more, next, 0, ""};
}

BodyProgress BodyRelay::take_chunk_end(std::string_view input, Slices& out) {
    const std::string_view seen = input.substr(0, kCrlf.size());
    if (!kCrlf.starts_with(seen)) return fail("chunk without its CRLF");
    if (seen.size() < kCrlf.size()) return {};
    if (out_ == Framing::chunked) out.add(seen);
    state_ = State::chunk_line;
    return {BodyStatus::need_more, kCrlf.size(), 0, ""};
}

BodyProgress BodyRelay::take_trailer(std::string_view input, Slices& out) {
    std::size_t stop = 0;
    const LineEnd end = find_crlf(input, stop);
    if (end == LineEnd::broken) return fail("control character in a trailer");
    if (trailer_bytes_ + stop + kCrlf.size() > kMaxTrailerBytes) return fail("trailers too large");
    if (end == LineEnd::missing) return {};

    const std::size_t next = stop + kCrlf.size();
    trailer_bytes_ += next;
    const std::string_view line = input.substr(0, stop);
    bool pass = true;
    if (line.empty()) {
        state_ = State::done;
    } else {
        std::size_t colon = 0;
        while (colon < line.size() && is_class(line[colon], kToken)) ++colon;
        if (colon == 0 || colon == line.size() || line[colon] != ':') return fail("invalid trailer");
        pass = !drop_trailers_ && allowed_in_trailer(line.substr(0, colon));
    }
    if (pass && out_ == Framing::chunked) out.add(input.substr(0, next));
    return {BodyStatus::need_more, next, 0, ""};
}

BodyProgress BodyRelay::end(Slices& out) {
    if (state_ == State::done) return {BodyStatus::done, 0, 0, ""};
    if (in_ != Framing::until_close) return fail("the connection was closed inside the body");
    state_ = State::done;
    if (rechunk()) {
        out.add(kLastChunk);
        out.add(kCrlf);
    }
    return {BodyStatus::done, 0, 0, ""};
}

std::uint64_t BodyRelay::passthrough() const {
    if (out_ == Framing::none || rechunk()) return 0;
    if (state_ == State::data && in_ == Framing::until_close)
        return std::numeric_limits<std::uint64_t>::max();
    return state_ == State::data || state_ == State::chunk_data ? remaining_ : 0;
}

void BodyRelay::passed(std::uint64_t count) {
    assert(count <= passthrough());
    payload_total_ += count;
    if (in_ == Framing::until_close) return;
    remaining_ -= count;
    if (remaining_ == 0) state_ = state_ == State::chunk_data ? State::chunk_end : State::done;
}

}  // namespace proxyd::http
