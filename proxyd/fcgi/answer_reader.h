// The other direction: records of an application to an HTTP/1.1 response, and to what is logged of its
// standard error. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proxyd/fcgi/record.h"
#include "proxyd/fcgi/response.h"

namespace proxyd::fcgi {

// Takes what the application writes to its standard error, record by record without the last line end. `self`
// must outlive the reader.
struct ErrorSink {
    void (*write)(void* self, std::string_view text) = nullptr;
    void* self = nullptr;
};

class AnswerReader {
 public:
    void begin(const ResponseTranslator::Options& response, const ErrorSink& errors);

    // Received bytes, however the network has cut them. Appends to `out` what is known of the response by
    // now.
    void take(std::string_view received, std::string& out);

    bool over() const { return over_; }                            // no request is under way
    bool broken() const { return broken_ || response_.failed(); }  // nonsense came instead of a response
    bool unasked() const { return unasked_; }                      // something came behind it

 private:
    void take_piece(const Piece& piece, std::string& out);
    void take_error(const Piece& piece);
    void take_end(const Piece& piece, std::string& out);

    RecordReader records_;
    ResponseTranslator response_;
    ErrorSink errors_;
    std::string error_text_, end_text_;  // of records that are not whole yet
    bool over_ = true, broken_ = false, unasked_ = false;
};

}  // namespace proxyd::fcgi
