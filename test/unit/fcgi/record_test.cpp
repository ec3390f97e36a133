#include "proxyd/fcgi/record.h"

#include <catch2/catch.hpp>

using namespace proxyd::fcgi;

namespace {

using Status = RecordReader::Status;

// What a reader makes of bytes that come in two parts: type, request and content of each record.
std::string read_back(std::string_view bytes, std::size_t cut) {
    RecordReader reader;
    std::string out;
    for (std::string_view part : {bytes.substr(0, cut), bytes.substr(cut)}) {
        Piece piece;
        for (;;) {
            const Status status = reader.next(part, piece);
            if (status == Status::error) return out + "error";
            if (status == Status::need_more) break;
            if (piece.begins)
                out +=
                    std::to_string(static_cast<int>(piece.type)) + "/" + std::to_string(piece.request) + ":";
            out += piece.content;
            if (piece.ends) out += ";";
        }
    }
    return out + (reader.between_records() ? "" : "...");
}

}  // namespace

TEST_CASE("records as the specification draws them") {
    std::string out;
    append_begin(out, 1, true);
    CHECK(out == std::string("\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0", 16));
    out.clear();
    append_begin(out, 258, false);
    CHECK(out == std::string("\1\1\1\2\0\10\0\0\0\1\0\0\0\0\0\0", 16));
    out.clear();
    end_stream(out, RecordType::params, 1);
    CHECK(out == std::string("\1\4\0\1\0\0\0\0", 8));
}

TEST_CASE("names and values: lengths of one byte and of four") {
    struct Row {
        std::size_t name, value;
        std::string_view lengths;
    };
    for (const Row& row : {Row{3, 0, {"\3\0", 2}}, Row{127, 128, {"\177\200\0\0\200", 5}},
                           Row{128, 1, {"\200\0\0\200\1", 5}}, Row{1, 0x12345, {"\1\200\1\43\105", 5}}}) {
        std::string out;
        append_pair(out, std::string(row.name, 'n'), std::string(row.value, 'v'));
        CHECK(out.substr(0, row.lengths.size()) == row.lengths);
        CHECK(out.size() == row.lengths.size() + row.name + row.value);
    }
}

TEST_CASE("a long stream takes several records") {
    std::string out;
    append_stream(out, RecordType::params, 1, std::string(2 * kLargestContent + 1, 'x'));
    CHECK(out.size() == 2 * kLargestContent + 1 + 3 * kHeaderSize);
    CHECK(read_back(out, 0) == "4/1:" + std::string(kLargestContent, 'x') +
                                   ";4/1:" + std::string(kLargestContent, 'x') + ";4/1:x;");
    out.clear();
    append_stream(out, RecordType::params, 1, "");
    CHECK(out.empty());
}

TEST_CASE("records are read alike in every split") {
    const std::string padded("\1\6\0\1\0\2\3\0hi\0\0\0", 13);
    std::string bytes = padded;
    append_stream(bytes, RecordType::standard_error, 513, "oops");
    end_stream(bytes, RecordType::standard_output, 1);
    bytes += padded;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        CHECK(read_back(bytes, cut) == "6/1:hi;7/513:oops;6/1:;6/1:hi;");
    }
    for (std::size_t size = 1; size < padded.size(); ++size)
        CHECK(read_back(padded.substr(0, size), 0).ends_with("..."));
}

TEST_CASE("another version is an error at its first byte") {
    CHECK(read_back("H", 0) == "error");
    CHECK(read_back(std::string("\2\6\0\1\0\0\0\0", 8), 0) == "error");
}
