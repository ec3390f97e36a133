#include "proxyd/fcgi/answer_reader.h"

#include "proxyd/fcgi/request.h"

namespace proxyd::fcgi {

void AnswerReader::begin(const ResponseTranslator::Options& response, const ErrorSink& errors) {
    response_.start(response);
    errors_ = errors;
    over_ = false;
}

void AnswerReader::take(std::string_view received, std::string& out) {
    Piece piece;
    RecordReader::Status status = RecordReader::Status::piece;
    while (status == RecordReader::Status::piece && !broken_ && !unasked_) {
        status = records_.next(received, piece);
        if (status == RecordReader::Status::piece) take_piece(piece, out);
    }
    if (status == RecordReader::Status::error) (over_ ? unasked_ : broken_) = true;
    if (!broken()) response_.settle(out);
}

void AnswerReader::take_piece(const Piece& piece, std::string& out) {
    if (piece.request == 0) return;  // about the connection: we ask nothing of it
    if (over_) {
        unasked_ = true;
        return;
    }
    if (piece.request != kRequest) return;
    switch (piece.type) {
        case RecordType::standard_output:
            if (!piece.content.empty()) (void)response_.take(piece.content, out);
            return;
        case RecordType::standard_error:
            return take_error(piece);
        case RecordType::end_request:
            return take_end(piece, out);
        default:
            return;
    }
}

void AnswerReader::take_error(const Piece& piece) {
    if (errors_.write == nullptr) return;
    if (piece.begins) error_text_.clear();
    error_text_.append(piece.content);
    if (!piece.ends) return;
    if (error_text_.ends_with('\n')) error_text_.pop_back();
    if (!error_text_.empty()) errors_.write(errors_.self, error_text_);
    error_text_.clear();
}

// FCGI_END_REQUEST: the exit status, which is the application's own affair, and how the protocol fared.
void AnswerReader::take_end(const Piece& piece, std::string& out) {
    constexpr std::size_t kProtocolStatus = 4, kSize = 8;
    if (piece.begins) end_text_.clear();
    if (end_text_.size() < kSize) end_text_.append(piece.content.substr(0, kSize - end_text_.size()));
    if (!piece.ends) return;
    if (end_text_.size() < kSize) {
        broken_ = true;
        return;
    }
    over_ = true;
    const auto status = static_cast<ProtocolStatus>(end_text_[kProtocolStatus]);
    if (status == ProtocolStatus::complete) (void)response_.end(out);
}

}  // namespace proxyd::fcgi
