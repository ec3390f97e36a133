// Records of the FastCGI protocol, version 1 (FastCGI specification, sections 3.3 to 5.6): what all bytes of
// a connection to an application are cut into. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace proxyd::fcgi {

enum class RecordType : std::uint8_t {
    begin_request = 1,
    abort_request = 2,
    end_request = 3,
    params = 4,
    standard_input = 5,
    standard_output = 6,
    standard_error = 7,
    data = 8,
    get_values = 9,
    get_values_result = 10,
    unknown_type = 11
};

inline constexpr std::size_t kHeaderSize = 8;
inline constexpr std::size_t kLargestContent = 65535;

using RecordHeader = std::array<char, kHeaderSize>;
// `content`: at most kLargestContent.
RecordHeader encode_header(RecordType type, std::uint16_t request, std::size_t content);

// Appends a stream's content as records; its end is a record without content, which end_stream() appends.
void append_stream(std::string& out, RecordType type, std::uint16_t request, std::string_view content);
void end_stream(std::string& out, RecordType type, std::uint16_t request);
// FCGI_BEGIN_REQUEST for a responder. `keep`: the application leaves the connection open afterwards.
void append_begin(std::string& out, std::uint16_t request, bool keep);
// A name and its value, as the content of params has them (section 3.4).
void append_pair(std::string& out, std::string_view name, std::string_view value);

// A part of one record's content.
struct Piece {
    RecordType type{};
    std::uint16_t request = 0;
    std::string_view content;  // into the input
    bool begins = false;       // the first of its record
    bool ends = false;         // the last of its record
};

// Cuts received bytes into pieces of records, however the network has cut them. Padding is skipped.
class RecordReader {
 public:
    enum class Status : unsigned char {
        need_more,  // all input was taken
        piece,
        error  // another version of the protocol, or none
    };
    // Takes bytes off the front of `input`.
    Status next(std::string_view& input, Piece& piece);
    bool between_records() const { return header_size_ == 0 && content_left_ == 0 && padding_left_ == 0; }

 private:
    std::array<char, kHeaderSize> header_{};
    std::size_t header_size_ = 0;  // bytes of it that are here; 0 behind a whole one
    std::size_t content_left_ = 0, padding_left_ = 0;
    RecordType type_{};
    std::uint16_t request_ = 0;
};

// What FCGI_END_REQUEST says (section 5.5).
enum class ProtocolStatus : std::uint8_t {
    complete = 0,
    cannot_multiplex = 1,
    overloaded = 2,
    unknown_role = 3
};

}  // namespace proxyd::fcgi
