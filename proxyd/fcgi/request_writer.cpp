#include "proxyd/fcgi/request_writer.h"

#include <algorithm>

#include "proxyd/fcgi/request.h"

namespace proxyd::fcgi {
namespace {

// Takes up to `left` of what was written off both.
std::size_t settle(std::size_t& written, std::size_t& left) {
    const std::size_t taken = std::min(written, left);
    written -= taken;
    left -= taken;
    return taken;
}

}  // namespace

void RequestWriter::begin(std::size_t head, std::uint64_t body) {
    head_left_ = head;
    body_left_ = body;
    header_left_ = record_left_ = unreported_ = 0;
    end_left_ = body > 0 ? kHeaderSize : 0;  // without a body the head has said so
}

void RequestWriter::offer(std::span<const iovec> pieces) {
    offered_ = pieces;
    offered_size_ = 0;
    for (const iovec& piece : pieces) offered_size_ += piece.iov_len;
}

void RequestWriter::add(const char* data, std::size_t size) {
    if (size > 0 && gathered_count_ < gathered_.size())
        gathered_[gathered_count_++] = {const_cast<char*>(data), size};
}

// The next bytes that have not left.
void RequestWriter::add_offered(std::size_t size) {
    std::size_t skip = unreported_;
    for (const iovec& piece : offered_) {
        const std::size_t passed = std::min(skip, piece.iov_len);
        const std::size_t taken = std::min(size, piece.iov_len - passed);
        add(static_cast<const char*>(piece.iov_base) + passed, taken);
        skip -= passed;
        size -= taken;
    }
}

std::span<const iovec> RequestWriter::due() {
    gathered_count_ = 0;
    more_follows_ = false;
    const std::size_t fresh = offered_size_ - unreported_;
    if (head_left_ == 0) return due_body();
    add_offered(std::min(head_left_, fresh));
    more_follows_ = fresh > head_left_;
    return std::span(gathered_).first(gathered_count_);
}

std::span<const iovec> RequestWriter::due_body() {
    static const RecordHeader kEnd = encode_header(RecordType::standard_input, kRequest, 0);
    const std::size_t fresh = offered_size_ - unreported_;
    if (record_left_ == 0 && header_left_ == 0 && body_left_ > 0 && fresh > 0) {
        record_left_ =
            static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, std::min(kLargestContent, fresh)));
        body_left_ -= record_left_;
        header_ = encode_header(RecordType::standard_input, kRequest, record_left_);
        header_left_ = kHeaderSize;
    }
    const std::size_t size = std::min(record_left_, fresh);
    add(header_.data() + kHeaderSize - header_left_, header_left_);
    add_offered(size);
    if (body_left_ == 0 && size == record_left_) add(kEnd.data() + kHeaderSize - end_left_, end_left_);
    return std::span(gathered_).first(gathered_count_);
}

void RequestWriter::wrote(std::size_t count) {
    if (head_left_ > 0) {
        unreported_ += settle(count, head_left_);
        return;
    }
    settle(count, header_left_);
    unreported_ += settle(count, record_left_);
    settle(count, end_left_);
}

std::size_t RequestWriter::report() {
    const std::size_t kept = body_sent() && end_left_ > 0 ? std::min<std::size_t>(unreported_, 1) : 0;
    const std::size_t told = unreported_ - kept;
    unreported_ = kept;
    return told;
}

}  // namespace proxyd::fcgi
