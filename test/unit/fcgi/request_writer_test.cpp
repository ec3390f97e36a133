#include "proxyd/fcgi/request_writer.h"

#include <catch2/catch.hpp>

#include "proxyd/fcgi/request.h"

using namespace proxyd::fcgi;

namespace {

// Sends a head and a body in offers of `offer` bytes over a socket that takes `room` bytes at a time.
std::string send(const std::string& head, const std::string& body, std::size_t offer, std::size_t room) {
    const std::string all = head + body;
    RequestWriter writer;
    writer.begin(head.size(), body.size());
    std::string wire;
    for (std::size_t told = 0; told < all.size();) {
        const std::size_t half = std::min(offer, all.size() - told) / 2;
        const std::array pieces{
            iovec{const_cast<char*>(all.data()) + told, half},
            iovec{const_cast<char*>(all.data()) + told + half, std::min(offer, all.size() - told) - half}};
        writer.offer(pieces);
        std::size_t left = room;
        for (const iovec& piece : writer.due()) {
            const std::size_t taken = std::min(left, piece.iov_len);
            wire.append(static_cast<const char*>(piece.iov_base), taken);
            left -= taken;
        }
        writer.wrote(room - left);
        told += writer.report();
    }
    writer.offer({});
    CHECK(writer.due().empty());
    return wire;
}

std::string records(const std::string& head, const std::string& body, std::size_t size) {
    std::string out = head;
    for (std::size_t at = 0; at < body.size(); at += size)
        append_stream(out, RecordType::standard_input, kRequest, body.substr(at, size));
    if (!body.empty()) end_stream(out, RecordType::standard_input, kRequest);
    return out;
}

}  // namespace

TEST_CASE("a body in one offer is one record, however little the socket takes") {
    const std::string head = "<head>", body = "0123456789";
    for (std::size_t room = 1; room < 64; ++room) {
        CAPTURE(room);
        // The first record begins when the head is out; before that the offer was of both.
        CHECK(send(head, body, 100, room) == records(head, body, body.size()));
        CHECK(send(head, "", 100, room) == head);
    }
}

TEST_CASE("each offer makes a record") {
    CHECK(send("hh", "abcdef", 2, 100) == records("hh", "abcdef", 2));
}

TEST_CASE("a record has its limit") {
    const std::string body(kLargestContent + 5, 'x');
    CHECK(send("h", body, body.size() + 1, 1 << 20) == records("h", body, kLargestContent));
}

TEST_CASE("the body counts as written when its end is out") {
    RequestWriter writer;
    writer.begin(1, 2);
    std::string text = "hab";
    const iovec piece{text.data(), text.size()};
    writer.offer(std::span(&piece, 1));
    CHECK(writer.due().size() == 1);
    CHECK(writer.more_follows());
    writer.wrote(1);
    CHECK(writer.due().size() == 3);
    writer.wrote(kHeaderSize + 2);  // all but the end
    CHECK(writer.report() == 2);
    const iovec last{text.data() + 2, 1};
    writer.offer(std::span(&last, 1));
    const auto due = writer.due();
    REQUIRE(due.size() == 1);
    CHECK(due[0].iov_len == kHeaderSize);
    writer.wrote(kHeaderSize);
    CHECK(writer.report() == 1);
}
