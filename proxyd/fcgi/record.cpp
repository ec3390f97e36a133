#include "proxyd/fcgi/record.h"

#include <algorithm>

namespace proxyd::fcgi {
namespace {

constexpr char kVersion = 1;
constexpr char kResponder = 1;
constexpr char kKeepConnection = 1;

char low_byte(std::size_t number) {
    return static_cast<char>(number & 0xff);
}

std::size_t number_at(const std::array<char, kHeaderSize>& header, std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(header[at])) << 8 |
           static_cast<unsigned char>(header[at + 1]);
}

// One byte below 128, else four with the highest bit set.
void append_length(std::string& out, std::size_t length) {
    if (length < 128) {
        out.push_back(low_byte(length));
        return;
    }
    out.push_back(static_cast<char>(low_byte(length >> 24) | '\x80'));
    for (const int shift : {16, 8, 0}) out.push_back(low_byte(length >> shift));
}

}  // namespace

RecordHeader encode_header(RecordType type, std::uint16_t request, std::size_t content) {
    return {kVersion,
            static_cast<char>(type),
            low_byte(request >> 8U),
            low_byte(request),
            low_byte(content >> 8),
            low_byte(content),
            0,
            0};
}

void append_stream(std::string& out, RecordType type, std::uint16_t request, std::string_view content) {
    while (!content.empty()) {
        const std::string_view piece = content.substr(0, kLargestContent);
        const RecordHeader header = encode_header(type, request, piece.size());
        out.append(header.data(), header.size()).append(piece);
        content.remove_prefix(piece.size());
    }
}

void end_stream(std::string& out, RecordType type, std::uint16_t request) {
    const RecordHeader header = encode_header(type, request, 0);
    out.append(header.data(), header.size());
}

void append_begin(std::string& out, std::uint16_t request, bool keep) {
    const std::array<char, 8> body{0, kResponder, keep ? kKeepConnection : '\0'};
    append_stream(out, RecordType::begin_request, request, {body.data(), body.size()});
}

void append_pair(std::string& out, std::string_view name, std::string_view value) {
    append_length(out, name.size());
    append_length(out, value.size());
    out.append(name).append(value);
}

RecordReader::Status RecordReader::next(std::string_view& input, Piece& piece) {
    const std::size_t skipped = std::min(padding_left_, content_left_ == 0 ? input.size() : 0);
    padding_left_ -= skipped;
    input.remove_prefix(skipped);
    const bool begins = content_left_ == 0;
    if (begins) {
        const std::size_t taken = std::min(kHeaderSize - header_size_, input.size());
        std::copy_n(input.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
        header_size_ += taken;
        input.remove_prefix(taken);
        if (header_size_ > 0 && header_[0] != kVersion) return Status::error;
        if (header_size_ < kHeaderSize) return Status::need_more;
        header_size_ = 0;
        type_ = static_cast<RecordType>(header_[1]);
        request_ = static_cast<std::uint16_t>(number_at(header_, 2));
        content_left_ = number_at(header_, 4);
        padding_left_ = static_cast<unsigned char>(header_[6]);
    } else if (input.empty()) {
        return Status::need_more;
    }
    piece = {type_, request_, input.substr(0, content_left_), begins, false};
    content_left_ -= piece.content.size();
    piece.ends = content_left_ == 0;
    input.remove_prefix(piece.content.size());
    return Status::piece;
}

}  // namespace proxyd::fcgi
