#include "proxyd/peers/wire.h"

#include <catch2/catch.hpp>

using namespace proxyd::peers;

namespace {

std::string encoded(std::uint64_t value) {
    std::string out;
    put_number(out, value);
    return out;
}

}  // namespace

TEST_CASE("numbers of variable length") {
    CHECK(encoded(0x1234) == "\xf4\x94\x01");  // the example of the protocol's description
    struct Row {
        std::uint64_t value;
        std::size_t size;
    };
    for (const Row& row :
         {Row{0, 1}, Row{239, 1}, Row{240, 2}, Row{2287, 2}, Row{2288, 3}, Row{264431, 3}, Row{264432, 4},
          Row{33818863, 4}, Row{33818864, 5}, Row{0xffffffff, 5}, Row{~std::uint64_t{0}, 10}}) {
        const std::string bytes = encoded(row.value);
        CAPTURE(row.value);
        CHECK(bytes.size() == row.size);
        Reader reader(bytes);
        CHECK(reader.number() == row.value);
        CHECK(reader.ok());
        CHECK(reader.at_end());
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            Reader part(std::string_view(bytes).substr(0, cut));
            CHECK(part.number() == 0);
            CHECK_FALSE(part.ok());
        }
    }
    Reader endless(
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 17));
    CHECK(endless.number() == 0);
    CHECK_FALSE(endless.ok());
}

TEST_CASE("a greeting, split everywhere") {
    const std::string text = "HAProxyS 2.1\nus\nthem 1234 0\n";
    CHECK(encode(Hello{1, "us", "them", 1234}) == text);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Hello hello;
        std::size_t consumed = 0;
        Status bad{};
        const Parsed parsed = parse_hello(std::string_view(text).substr(0, cut), hello, consumed, bad);
        CHECK(parsed == (cut == text.size() ? Parsed::done : Parsed::need_more));
        if (parsed != Parsed::done) continue;
        CHECK(hello.to == "us");
        CHECK(hello.from == "them");
        CHECK(hello.pid == 1234);
        CHECK(consumed == text.size());
    }
}

TEST_CASE("greetings that are none") {
    struct Row {
        std::string text;
        Status answer;
    };
    for (const Row& row :
         {Row{"GET / HTTP/1.1\r\n", Status::protocol}, Row{"HAProxyS 3.0\nus\n", Status::version},
          Row{"HAProxyS 2.x\nus\nthem 1 0\n", Status::version},
          Row{"HAProxyS 2.1\nus\nthem\n", Status::protocol},
          Row{"HAProxyS 2.1\n\nthem 1 0\n", Status::protocol},
          Row{"HAProxyS 2.1\n" + std::string(kLongestHello, 'x'), Status::protocol}}) {
        Hello hello;
        std::size_t consumed = 0;
        Status bad{};
        CAPTURE(row.text);
        CHECK(parse_hello(row.text, hello, consumed, bad) == Parsed::error);
        CHECK(bad == row.answer);
    }
    int status = 0;
    std::size_t consumed = 0;
    CHECK(parse_status("200\n", status, consumed) == Parsed::done);
    CHECK(status == 200);
    CHECK(parse_status("20", status, consumed) == Parsed::need_more);
    CHECK(parse_status("hello you\n", status, consumed) == Parsed::error);
    CHECK(parse_status("123456789", status, consumed) == Parsed::error);
}

TEST_CASE("frames, split everywhere, and lengths that are refused") {
    std::string bytes;
    put_control(bytes, Control::heartbeat);
    put_table_message(bytes, TableMessage::ack, std::string(300, 'x'));
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        std::string_view rest = std::string_view(bytes).substr(0, cut);
        std::size_t frames = 0;
        for (;;) {
            Frame frame;
            std::size_t consumed = 0;
            const Parsed parsed = parse_frame(rest, frame, consumed);
            REQUIRE(parsed != Parsed::error);
            if (parsed != Parsed::done) break;
            if (frames++ == 1) CHECK(frame.body == std::string(300, 'x'));
            rest.remove_prefix(consumed);
        }
        CHECK(frames == (cut == bytes.size() ? 2U : cut >= 2 ? 1U : 0U));
    }
    Frame frame;
    std::size_t consumed = 0;
    std::string large("\x0a\x80", 2);
    put_number(large, kLongestFrame + 1);
    CHECK(parse_frame(large, frame, consumed) == Parsed::error);
    CHECK(parse_frame("\x0a\x80\xff\xff\xff\xff", frame, consumed) == Parsed::error);
}
