// Bodies in every split, from each framing to each other.
#include <catch2/catch.hpp>

#include <string>

#include "proxyd/http/body.h"
#include "test/support/splits.h"

using namespace proxyd::http;
using test_support::Arrivals;

namespace {

std::string text_of(const Slices& slices) {
    std::string text;
    for (const iovec& piece : slices.pieces())
        text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    return text;
}

struct Outcome {
    BodyStatus status = BodyStatus::need_more;
    std::string output;
    std::size_t consumed = 0;
    std::uint64_t payload = 0;
    std::size_t kept = 0;  // most input left over between calls
};

// As a session does: keeps what was not consumed in front of what arrives next.
Outcome relay(std::string_view bytes, const Arrivals& arrivals, Framing in, std::uint64_t length, Framing out,
              bool close) {
    BodyRelay body;
    body.start(in, length, out);
    Outcome outcome;
    Slices slices;
    for (const std::size_t arrived : arrivals) {
        while (true) {
            slices.clear();
            const std::string input(
                bytes.substr(outcome.consumed, arrived - outcome.consumed));  // exact for ASan
            const BodyProgress progress = body.feed(input, slices);
            outcome.output += text_of(slices);
            outcome.consumed += progress.consumed;
            outcome.payload += progress.payload;
            outcome.status = progress.status;
            if (progress.status != BodyStatus::need_more) return outcome;
            if (progress.consumed == 0) break;
        }
        outcome.kept = std::max(outcome.kept, arrived - outcome.consumed);
    }
    if (close) {
        slices.clear();
        outcome.status = body.end(slices).status;
        outcome.output += text_of(slices);
    }
    return outcome;
}

struct Good {
    const char* name;
    Framing in;
    std::uint64_t length;
    Framing out;
    bool close;
    std::string bytes;
    std::size_t left;  // bytes of the next message at the end
    const char* output;
    std::uint64_t payload;
};

constexpr Framing kLen = Framing::length, kChunked = Framing::chunked, kClose = Framing::until_close,
                  kNone = Framing::none;

const Good kGood[] = {
    {"counted", kLen, 5, kLen, false, "helloNEXT", 4, "hello", 5},
    {"counted, empty", kLen, 0, kLen, false, "NEXT", 4, "", 0},
    {"none", kNone, 0, kNone, false, "NEXT", 4, "", 0},
    {"until close", kClose, 0, kClose, true, "hello", 0, "hello", 5},
    {"chunked as it is", kChunked, 0, kChunked, false, "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nNEXT", 4,
     "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 6},
    {"chunked, empty", kChunked, 0, kChunked, false, "0\r\n\r\n", 0, "0\r\n\r\n", 0},
    {"upper-case and zeros", kChunked, 0, kChunked, false, "000A\r\n0123456789\r\n00\r\n\r\n", 0,
     "000A\r\n0123456789\r\n0\r\n\r\n", 10},
    {"extensions are dropped", kChunked, 0, kChunked, false, "1;a=b\r\nx\r\n1 ; \"q;\"\r\ny\r\n0;z\r\n\r\n",
     0, "1\r\nx\r\n1\r\ny\r\n0\r\n\r\n", 2},
    {"blanks after the size", kChunked, 0, kChunked, false, "1 \t\r\nx\r\n0 \r\n\r\n", 0,
     "1\r\nx\r\n0\r\n\r\n", 1},
    {"trailers pass", kChunked, 0, kChunked, false, "0\r\nX-Sum: 1\r\nY:\r\n\r\n", 0,
     "0\r\nX-Sum: 1\r\nY:\r\n\r\n", 0},
    {"hostile 8: dangerous trailers go", kChunked, 0, kChunked, false,
     "0\r\nTransfer-Encoding: chunked\r\nA: 1\r\ncontent-length: 3\r\nHOST: b\r\nCookie: c\r\n\r\n", 0,
     "0\r\nA: 1\r\n\r\n", 0},
    {"chunked for an old client", kChunked, 0, kClose, false,
     "5;x\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\nNEXT", 4, "hello!", 6},
    {"chunked swallowed", kChunked, 0, kNone, false, "5\r\nhello\r\n0\r\n\r\nNEXT", 4, "", 5},
    {"counted swallowed", kLen, 5, kNone, false, "helloNEXT", 4, "", 5},
};

struct Bad {
    const char* name;
    Framing in;
    std::string bytes;
};

const Bad kBad[] = {
    {"hostile 5: LF after the size", kChunked, "1\nx\r\n0\r\n\r\n"},
    {"hostile 5: LF after an extension", kChunked, "1;a\nx\r\n0\r\n\r\n"},
    {"hostile 6: endless extension", kChunked, "1;" + std::string(2000, 'a')},
    {"hostile 6: long extension", kChunked, "1;" + std::string(2000, 'a') + "\r\nx\r\n0\r\n\r\n"},
    {"hostile 7: 2^64+2", kChunked, "10000000000000002\r\nxx\r\n0\r\n\r\n"},
    {"hostile 7: 2^63", kChunked, "8000000000000000\r\n"},
    {"hostile 7: many zeros", kChunked, "00000000000000001\r\nx\r\n"},
    {"hostile 7: 0x2", kChunked, "0x2\r\nxx\r\n0\r\n\r\n"},
    {"hostile 7: sign", kChunked, "+2\r\nxx\r\n0\r\n\r\n"},
    {"hostile 7: minus", kChunked, "-1\r\n"},
    {"hostile 7: blank before", kChunked, " 2\r\nxx\r\n0\r\n\r\n"},
    {"hostile 7: empty size", kChunked, "\r\n"},
    {"hostile 7: only an extension", kChunked, ";a\r\n"},
    {"hostile 7: two sizes", kChunked, "2 2\r\nxx\r\n"},
    {"hostile 7: no CRLF after the chunk", kChunked, "2\r\nxx0\r\n\r\n"},
    {"hostile 7: LF after the chunk", kChunked, "2\r\nxx\n0\r\n\r\n"},
    {"hostile 7: CR only after the chunk", kChunked, "2\r\nxx\r0\r\n\r\n"},
    {"NUL in an extension", kChunked, std::string("2;\0\r\nxx", 7)},
    {"folded trailer", kChunked, "0\r\nA: b\r\n c\r\n\r\n"},
    {"trailer without a colon", kChunked, "0\r\nAbc\r\n\r\n"},
    {"blank before the colon", kChunked, "0\r\nContent-Length : 1\r\n\r\n"},
    {"LF in a trailer", kChunked, "0\r\nA: b\nHost: c\r\n\r\n"},
    {"endless trailers", kChunked,
     "0\r\n" +
         [] {
             std::string s;
             while (s.size() < 9000) s += "A: b\r\n";
             return s;
         }()},
};

}  // namespace

TEST_CASE("bodies come out right in every split") {
    for (const Good& row : kGood) {
        test_support::for_all_splits(row.bytes, [&](const Arrivals& arrivals) {
            const Outcome outcome = relay(row.bytes, arrivals, row.in, row.length, row.out, row.close);
            INFO(row.name << ", first arrival " << arrivals.front());
            REQUIRE(outcome.status == BodyStatus::done);
            REQUIRE(outcome.output == row.output);
            CHECK(outcome.consumed == row.bytes.size() - row.left);
            CHECK(outcome.payload == row.payload);
        });
    }
}

TEST_CASE("broken framing is refused in every split") {
    for (const Bad& row : kBad) {
        test_support::for_all_splits(row.bytes, [&](const Arrivals& arrivals) {
            // Byte by byte costs little; two-way splits of the long rows are thinned out.
            if (row.bytes.size() > 500 && arrivals.size() == 2 && arrivals.front() % 97 != 0) return;
            const Outcome outcome = relay(row.bytes, arrivals, row.in, 0, Framing::chunked, false);
            INFO(row.name << ", first arrival " << arrivals.front());
            REQUIRE(outcome.status == BodyStatus::error);
            CHECK(outcome.kept < BodyRelay::kMaxLine);
        });
    }
}

TEST_CASE("a counted or endless body is wrapped into chunks") {
    Slices slices;
    BodyRelay body;
    body.start(Framing::length, 16, Framing::chunked);
    CHECK(body.feed("0123456789", slices).status == BodyStatus::need_more);
    CHECK(text_of(slices) == "a\r\n0123456789\r\n");
    slices.clear();
    CHECK(body.feed("abcdefNEXT", slices).consumed == 6);
    CHECK(text_of(slices) == "6\r\nabcdef\r\n0\r\n\r\n");
    CHECK(body.done());

    slices.clear();
    body.start(Framing::length, 0, Framing::chunked);
    CHECK_FALSE(body.done());
    CHECK(body.feed("", slices).status == BodyStatus::done);
    CHECK(text_of(slices) == "0\r\n\r\n");

    slices.clear();
    body.start(Framing::until_close, 0, Framing::chunked);
    body.feed("x", slices);
    CHECK(text_of(slices) == "1\r\nx\r\n");
    slices.clear();
    CHECK(body.end(slices).status == BodyStatus::done);
    CHECK(text_of(slices) == "0\r\n\r\n");
}

TEST_CASE("a body cut short is an error, not an end") {
    Slices slices;
    for (const Framing framing : {Framing::length, Framing::chunked}) {
        BodyRelay body;
        body.start(framing, 10, framing);
        body.feed("5\r\nab", slices);
        CHECK(body.end(slices).status == BodyStatus::error);
        CHECK(body.feed("c", slices).status == BodyStatus::error);
    }
}

TEST_CASE("clean chunks leave as one slice") {
    Slices slices;
    BodyRelay body;
    body.start(Framing::chunked, 0, Framing::chunked);
    const std::string bytes = "5\r\nhello\r\n5\r\nworld\r\n";
    body.feed(bytes, slices);
    CHECK(slices.pieces().size() == 1);
}

TEST_CASE("a full list of slices stops the relay, not the body") {
    std::string bytes;
    std::string payload;
    for (int i = 0; i < 1000; ++i) {
        bytes += "1;e\r\nx\r\n";
        payload += 'x';
    }
    bytes += "0\r\n\r\n";
    for (const Framing out : {Framing::chunked, Framing::until_close}) {
        const Outcome outcome = relay(bytes, {bytes.size()}, Framing::chunked, 0, out, false);
        CHECK(outcome.status == BodyStatus::done);
        CHECK(outcome.payload == 1000);
        if (out == Framing::until_close) CHECK(outcome.output == payload);
    }
}

TEST_CASE("bytes that pass unseen are accounted for") {
    Slices slices;
    BodyRelay body;
    body.start(Framing::length, 1000, Framing::length);
    CHECK(body.passthrough() == 1000);
    body.passed(400);
    CHECK(body.passthrough() == 600);
    body.passed(600);
    CHECK(body.done());
    CHECK(body.payload_total() == 1000);

    body.start(Framing::chunked, 0, Framing::chunked);
    CHECK(body.passthrough() == 0);
    body.feed("3e8\r\nab", slices);
    CHECK(body.passthrough() == 998);
    body.passed(998);
    CHECK(body.passthrough() == 0);
    CHECK(body.feed("\r\n0\r\n\r\n", slices).status == BodyStatus::done);

    body.start(Framing::length, 10, Framing::chunked);
    CHECK(body.passthrough() == 0);
}

TEST_CASE("decoding gives payload only") {
    BodyRelay body;
    body.start(Framing::chunked, 0, Framing::until_close);
    std::string payload;
    const BodyProgress progress =
        body.decode("3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\nNEXT", [&](std::string_view run) { payload += run; });
    CHECK(progress.status == BodyStatus::done);
    CHECK(progress.consumed == 22);
    CHECK(payload == "abcde");
}

TEST_CASE("trailers that are not wanted are checked and dropped") {
    const std::string bytes = "2\r\nab\r\n0\r\nX: 1\r\nY: 2\r\n\r\n";
    for (const Arrivals& arrivals : test_support::all_splits(bytes.size())) {
        BodyRelay body;
        body.start(Framing::chunked, 0, Framing::chunked);
        body.drop_trailers();
        std::string output;
        std::size_t consumed = 0;
        for (const std::size_t arrived : arrivals) {
            Slices slices;
            consumed +=
                body.feed(std::string_view(bytes).substr(consumed, arrived - consumed), slices).consumed;
            output += text_of(slices);
        }
        REQUIRE(body.done());
        REQUIRE(output == "2\r\nab\r\n0\r\n\r\n");
    }
    BodyRelay body;
    Slices slices;
    body.start(Framing::chunked, 0, Framing::chunked);
    body.drop_trailers();
    CHECK(body.feed("0\r\nX\r\n\r\n", slices).status == BodyStatus::error);
    body.start(Framing::chunked, 0, Framing::chunked);  // a new body has its trailers again
    slices.clear();
    body.feed("0\r\nX: 1\r\n\r\n", slices);
    CHECK(text_of(slices) == "0\r\nX: 1\r\n\r\n");
}
