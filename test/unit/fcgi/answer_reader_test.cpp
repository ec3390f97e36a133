#include "proxyd/fcgi/answer_reader.h"

#include <catch2/catch.hpp>

#include "common/arena.h"
#include "proxyd/fcgi/request.h"
#include "proxyd/http/body.h"
#include "proxyd/http/h1_parser.h"

using namespace proxyd;
using namespace proxyd::fcgi;

namespace {

std::string out_record(std::string_view text, RecordType type = RecordType::standard_output,
                       std::uint16_t request = kRequest) {
    std::string out;
    append_stream(out, type, request, text);
    return out;
}
std::string end_record(char status = 0) {
    return out_record({std::array{'\0', '\0', '\0', '\0', status, '\0', '\0', '\0'}.data(), 8},
                      RecordType::end_request);
}

void keep(void* self, std::string_view text) {
    static_cast<std::string*>(self)->append("[").append(text).append("]");
}

struct Read {
    AnswerReader reader;
    std::string response, errors;

    explicit Read(std::initializer_list<std::string_view> parts) {
        reader.begin({}, {keep, &errors});
        for (const std::string_view part : parts) reader.take(part, response);
    }
    // Its status and decoded body; "?" when it is not whole.
    std::string told() const {
        common::Arena arena;
        http::Message message;
        message.arena = &arena;
        http::H1Parser parser;
        parser.start_response({}, http::Method::get);
        const http::ParseResult head = parser.parse(response, message);
        if (head.status != http::ParseStatus::done) return "?";
        http::BodyRelay body;
        body.start(message, http::Framing::until_close);
        std::string text = std::to_string(message.status) + " ";
        const auto progress = body.decode(std::string_view(response).substr(head.consumed),
                                          [&](std::string_view run) { text += run; });
        return progress.status == http::BodyStatus::done ? text : text + "?";
    }
};

}  // namespace

TEST_CASE("an answer is read alike in every split") {
    std::string bytes = out_record("Content-Type: a/b\r\n") +
                        out_record("one\ntwo\n", RecordType::standard_error) + out_record("\r\nhello ") +
                        out_record("x", RecordType::unknown_type, 0) +
                        out_record("not ours", RecordType::standard_output, 7) +
                        out_record("three", RecordType::standard_error) + out_record("world");
    end_stream(bytes, RecordType::standard_output, kRequest);
    bytes += end_record();
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        const std::string_view all = bytes;
        const Read read{all.substr(0, cut), all.substr(cut)};
        CHECK(read.told() == "200 hello world");
        CHECK(read.errors == "[one\ntwo][three]");
        CHECK(read.reader.over());
        CHECK_FALSE(read.reader.broken());
        CHECK_FALSE(read.reader.unasked());
    }
}

TEST_CASE("byte by byte") {
    const std::string bytes = out_record("Status: 404 No\r\n\r\nnope") + end_record();
    Read read{};
    for (const char& byte : bytes) read.reader.take({&byte, 1}, read.response);
    CHECK(read.told() == "404 nope");
}

TEST_CASE("answers that are none") {
    struct Row {
        std::string bytes;
        bool over, broken;
    };
    const std::string ok = out_record("A: b\r\n\r\nhi");
    for (const Row& row :
         {Row{end_record(), true, false}, Row{end_record(2), true, false},
          Row{out_record("junk\r\n\r\n"), false, true}, Row{"HTTP/1.1 200 OK\r\n\r\n", false, true},
          Row{out_record("abc", RecordType::end_request), false, true},
          Row{out_record("Content-Length: 1\r\n\r\nab"), false, true}}) {
        const Read read{row.bytes};
        CHECK(read.reader.over() == row.over);
        CHECK(read.reader.broken() == row.broken);
        CHECK((row.broken || read.response.empty()));
    }
    CHECK(Read{ok}.told() == "200 hi?");  // no end yet
}

TEST_CASE("what comes behind an answer spoils the connection, not the answer") {
    const std::string answer = out_record("A: b\r\n\r\nhi") + end_record();
    for (const std::string& more : {answer, std::string("HTTP")}) {
        const Read read{answer + more};
        CHECK(read.told() == "200 hi");
        CHECK(read.reader.unasked());
        CHECK_FALSE(read.reader.broken());
    }
    CHECK_FALSE(Read{answer + out_record("x", RecordType::unknown_type, 0)}.reader.unasked());
}

TEST_CASE("one connection, several answers") {
    const std::string answer = out_record("A: b\r\n\r\nhi") + end_record();
    Read read{answer};
    read.response.clear();
    read.reader.begin({}, {});
    CHECK_FALSE(read.reader.over());
    read.reader.take(answer, read.response);
    CHECK(read.told() == "200 hi");
}
