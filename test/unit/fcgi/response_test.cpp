// CGI responses, good and bad, whole and in every split.
#include "proxyd/fcgi/response.h"

#include <catch2/catch.hpp>

using proxyd::fcgi::ResponseTranslator;

namespace {

constexpr std::string_view kDate = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

struct Answer {
    std::string text;
    bool whole = true;
};

Answer translate(std::initializer_list<std::string_view> parts, ResponseTranslator::Options options = {}) {
    ResponseTranslator translator;
    translator.start(options);
    Answer answer;
    for (const std::string_view& part : parts) {
        answer.whole = answer.whole && translator.take(part, answer.text);
        if (&part != parts.end() - 1) translator.settle(answer.text);  // more comes later
    }
    answer.whole = answer.whole && translator.end(answer.text) && !translator.failed();
    return answer;
}

std::string response(std::string_view status, std::string_view fields, std::string_view body) {
    std::string out = "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields);
    if (!fields.contains("Date:")) out.insert(out.find("Content-Length"), kDate);
    return out + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("what is here at once gets a length") {
    struct Row {
        std::string_view output, status, fields, body;
    };
    for (const Row& row : {
             Row{"Content-Type: a/b\r\n\r\nhi", "200 OK", "Content-Type: a/b\r\nContent-Length: 2\r\n", "hi"},
             Row{"Content-Type:a/b\n\nhi", "200 OK", "Content-Type: a/b\r\nContent-Length: 2\r\n", "hi"},
             Row{"\r\nhi", "200 OK", "Content-Length: 2\r\n", "hi"},
             Row{"Status: 404 Not Found\r\n\r\n", "404 Not Found", "Content-Length: 0\r\n", ""},
             Row{"status:418\r\n\r\nx", "418 ", "Content-Length: 1\r\n", "x"},
             Row{"X: 1\r\nStatus: 200 Fine \r\n\r\n", "200 Fine", "X: 1\r\nContent-Length: 0\r\n", ""},
             Row{"Location: /z\r\n\r\n", "302 Moved Temporarily", "Location: /z\r\nContent-Length: 0\r\n",
                 ""},
             Row{"Location: /z\r\nStatus: 201 Made\r\n\r\n", "201 Made",
                 "Location: /z\r\nContent-Length: 0\r\n", ""},
             Row{"Status: 301 Moved\r\nLocation: /z\r\n\r\n", "301 Moved",
                 "Location: /z\r\nContent-Length: 0\r\n", ""},
             Row{"Connection: close\r\nContent-Length: 2\r\n\r\nhi", "200 OK", "Content-Length: 2\r\n", "hi"},
             Row{"A: 1\r\n  2\r\n\r\n", "200 OK", "A: 1 2\r\nContent-Length: 0\r\n", ""},
             Row{"Date: x\r\n\r\n", "200 OK", "Date: x\r\nContent-Length: 0\r\n", ""},
         }) {
        CAPTURE(row.output);
        const Answer answer = translate({row.output});
        CHECK(answer.whole);
        CHECK(answer.text == response(row.status, row.fields, row.body));
    }
}

TEST_CASE("statuses without a body, and HEAD") {
    CHECK(translate({"Status: 204\r\nContent-Length: 0\r\n\r\nx"}).text ==
          "HTTP/1.1 204 \r\n" + std::string(kDate) + "\r\n");
    CHECK(translate({"Status: 304 Not Modified\r\nContent-Length: 7\r\n\r\n"}).text ==
          "HTTP/1.1 304 Not Modified\r\n" + std::string(kDate) + "Content-Length: 7\r\n\r\n");
    const ResponseTranslator::Options head{.body_wanted = false};
    CHECK(translate({"A: b\r\n\r\n"}, head).text ==
          "HTTP/1.1 200 OK\r\nA: b\r\n" + std::string(kDate) + "\r\n");
    CHECK(translate({"A: b\r\n\r\n12345"}, head).text ==
          "HTTP/1.1 200 OK\r\nA: b\r\n" + std::string(kDate) + "Content-Length: 5\r\n\r\n");
    CHECK(translate({"Content-Length: 9\r\n\r\n"}, head).text ==
          "HTTP/1.1 200 OK\r\n" + std::string(kDate) + "Content-Length: 9\r\n\r\n");
}

TEST_CASE("a connection that is not kept is said to end") {
    const std::string text = translate({"\r\n"}, {.keep_conn = false}).text;
    CHECK(text.ends_with("Content-Length: 0\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("what comes later comes in chunks, or in the frame that the application made") {
    const std::string head = "HTTP/1.1 200 OK\r\nA: b\r\n" + std::string(kDate);
    CHECK(translate({"A: b\r\n\r\nhello", "", std::string(17, 'x'), ""}).text ==
          head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n11\r\n" + std::string(17, 'x') +
              "\r\n0\r\n\r\n");
    CHECK(translate({"A: b\r\nContent-Length: 4\r\n\r\nab", "cd", ""}).text ==
          head + "Content-Length: 4\r\n\r\nabcd");
    CHECK(translate({"A: b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx", "\r\n0\r\n\r\n", ""}).text ==
          head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
}

TEST_CASE("a head is read alike in every split") {
    const std::string_view text = "Status: 201 Made\r\nA: b\nC: d\r\n e\r\n\r\n";
    const std::string whole = translate({text, "", "body", ""}).text;
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        CAPTURE(cut);
        const Answer answer = translate({text.substr(0, cut), text.substr(cut), "body", ""});
        CHECK(answer.whole);
        CHECK(answer.text == whole);
    }
}

TEST_CASE("no response") {
    for (const std::string_view output :
         {"hello\r\n\r\n", ": x\r\n\r\n", " x\r\n\r\n", "Status: abc\r\n\r\n", "Status: 99\r\n\r\n",
          "Status: 2000\r\n\r\n", "Status: 101 Switching\r\n\r\n", "Status:\r\n\r\n",
          "Content-Length: x\r\n\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
          "Transfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "Content-Length: 2\r\n\r\nabc",
          "half a head"}) {
        CAPTURE(output);
        CHECK_FALSE(translate({output}).whole);
    }
    ResponseTranslator endless;
    endless.start({});
    std::string out;
    bool fine = true;
    for (int i = 0; i < 70; ++i) fine = fine && endless.take(std::string(1000, 'x'), out);
    CHECK_FALSE(fine);
}

TEST_CASE("a response that ends too early is cut, not nonsense") {
    for (const std::string_view output : {"", "Content-Length: 5\r\n\r\nabc"}) {
        ResponseTranslator translator;
        translator.start({});
        std::string out;
        CHECK(translator.take(output, out));
        CHECK_FALSE(translator.end(out));
        CHECK_FALSE(translator.failed());
    }
}
