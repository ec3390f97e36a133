#include "proxyd/http/compression.h"

#include <zlib.h>
#include <catch2/catch.hpp>

using namespace proxyd::http;

namespace {

// Takes chunks apart; "!" for bad framing.
std::string payload_of(std::string_view chunks, bool& last) {
    std::string out;
    last = false;
    while (!chunks.empty()) {
        const std::size_t end = chunks.find("\r\n");
        if (end == std::string_view::npos) return "!";
        const std::size_t size = std::stoul(std::string(chunks.substr(0, end)), nullptr, 16);
        chunks.remove_prefix(end + 2);
        if (chunks.size() < size + 2 || chunks.substr(size, 2) != "\r\n") return "!";
        out += chunks.substr(0, size);
        chunks.remove_prefix(size + 2);
        last = size == 0;
    }
    return out;
}

// As far as the bytes go.
std::string inflated(std::string_view bytes, int window_bits) {
    z_stream stream{};
    REQUIRE(::inflateInit2(&stream, window_bits) == Z_OK);
    std::string out(200'000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::inflate(&stream, Z_SYNC_FLUSH);
    out.resize(stream.total_out);
    ::inflateEnd(&stream);
    return out;
}

struct Built {
    common::Arena arena;
    Message message;
    Built() {
        message.arena = &arena;
        message.is_request = false;
        message.status = 200;
        message.framing = Framing::chunked;
    }
    Built& add(std::string_view name, std::string_view value) {
        Field field{name, value, {}, field_id(name)};
        message.fields.append(field);
        return *this;
    }
};

}  // namespace

TEST_CASE("what goes in comes out of a decoder, each flush and in the end") {
    std::string body;
    for (int i = 0; i < 20'000; ++i) body += std::to_string(i * 7919 % 1000);
    struct Row {
        Coding coding;
        int window_bits;
    };
    for (const Row& row : {Row{Coding::gzip, 31}, Row{Coding::deflate, 15}, Row{Coding::raw_deflate, -15}}) {
        for (int round = 0; round < 2; ++round) {  // the second one has a used engine
            const auto compressor = Compressor::make(row.coding);
            REQUIRE(compressor);
            std::string sent;
            bool last = false;
            for (std::size_t at = 0; at < body.size(); at += 30'000) {
                compressor->clear();
                compressor->add(std::string_view(body).substr(at, 30'000));
                compressor->flush();
                sent += payload_of(compressor->chunk(), last);
                CHECK(!last);
                CHECK(inflated(sent, row.window_bits) == body.substr(0, std::min(body.size(), at + 30'000)));
            }
            compressor->clear();
            compressor->finish();
            sent += payload_of(compressor->chunk(), last);
            CHECK(last);
            CHECK(inflated(sent, row.window_bits) == body);
            CHECK(compressor->bytes_in() == body.size());
            CHECK(compressor->bytes_out() == sent.size());
        }
    }
}

TEST_CASE("nothing is compressed to something that decodes to nothing") {
    const auto compressor = Compressor::make(Coding::gzip);
    compressor->finish();
    bool last = false;
    CHECK(inflated(payload_of(compressor->chunk(), last), 31).empty());
    CHECK(last);
}

TEST_CASE("the coding that a client likes best") {
    const std::vector offered{Coding::gzip, Coding::raw_deflate};
    struct Row {
        std::string_view accept, agent, expected;
    };
    for (const Row& row : {
             Row{"gzip", "", "gzip"},
             Row{"br, GZIP;q=0.1", "", "gzip"},
             Row{"gzip;q=0", "", "identity"},
             Row{"gzip; x=1; q=0.001", "", "gzip"},
             Row{"gzip;q=0.5, deflate;q=0.51", "", "deflate"},
             Row{"*;q=0.2", "", "deflate"},
             Row{"gzipped", "", "identity"},
             Row{"identity", "", "identity"},
             Row{"gzip", "Mozilla/4.0 (something old)", "identity"},
             Row{"gzip", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", "identity"},
             Row{"gzip", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", "gzip"},
             Row{"gzip", "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)", "gzip"},
         }) {
        Built request;
        request.add("Accept-Encoding", row.accept).add("User-Agent", row.agent);
        INFO(row.accept << " / " << row.agent);
        CHECK(wire_name(accepted_coding(request.message, offered)) == row.expected);
    }
}

TEST_CASE("a compressed response says so once, and its tag is weak") {
    Built response;
    response.add("ETag", "\"1\"").add("Vary", "Cookie, accept-encoding");
    REQUIRE(compressible(response.message, {}));
    mark_compressed(response.message, Coding::gzip);
    CHECK(response.message.fields.find("etag")->value == "W/\"1\"");
    CHECK(response.message.fields.count("vary") == 1);
    CHECK(response.message.fields.find("content-encoding")->value == "gzip");
    CHECK(!compressible(response.message, {}));
}

TEST_CASE("responses that stay as they are") {
    const std::vector<std::string> types{"Text/"};
    CHECK(compressible(Built().add("Content-Type", "TEXT/plain").message, types));
    CHECK(!compressible(Built().message, types));
    CHECK(!compressible(Built().add("Content-Type", "multipart/mixed").message, {}));
    CHECK(!compressible(Built().add("ETag", "\"a\"").add("ETag", "\"b\"").message, {}));
    CHECK(!compressible(Built().add("ETag", "\"a").message, {}));
    CHECK(!compressible(Built().add("Cache-Control", "x, No-Transform").message, {}));
    Built empty;
    empty.message.framing = Framing::length;
    CHECK(!compressible(empty.message, {}));
    Built partial;
    partial.message.status = 206;
    CHECK(!compressible(partial.message, {}));
}
