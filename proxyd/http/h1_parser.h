// Reads the head of an HTTP/1.0 or HTTP/1.1 message (RFC 9112 sections 2 to 5), incrementally. Pure: bytes
// in, "need more", a Message or an error out; no allocation in the steady state. One connection's thread.
//
//   message-head = *( CRLF ) start-line CRLF *( field-line CRLF ) CRLF     ; empty lines: requests only,
//   bounded request-line = method SP request-target SP "HTTP/" DIGIT "." DIGIT status-line  = "HTTP/" DIGIT
//   "." DIGIT SP 3DIGIT [ SP reason ] field-line   = token ":" OWS field-value OWS
//
// A line ends with CRLF only; any other control byte but a tab in a value is an error. Semantics (framing,
// connection, target and Host) are checked when the head is complete: see head_check.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxyd/http/head_check.h"
#include "proxyd/http/message.h"

namespace proxyd::http {

struct ParseOptions : HeadOptions {
    std::size_t max_headers = 101;  // field lines (tune.http.maxhdr)
    std::size_t max_head = 15360;   // bytes of the whole head (tune.bufsize - tune.maxrewrite)
};

// Why a head is refused. `status` is what to answer the client: 400, 405, 413, 414, 422, 431, 505, or 502
// when the server's response was bad.
struct ParseError {
    int status = 0;
    const char* text = "";     // a sentence without full stop, for logs and error captures
    std::size_t position = 0;  // byte of the input where it was noticed
};

enum class ParseStatus : std::uint8_t { need_more, done, error };

struct ParseResult {
    ParseStatus status = ParseStatus::need_more;
    std::size_t consumed =
        0;  // done: length of the head, leading empty lines included; the body starts there
    ParseError error;
};

class H1Parser {
 public:
    // Prepare for one message. `request_method` decides the framing of the response (HEAD, CONNECT).
    void start_request(const ParseOptions& options);
    void start_response(const ParseOptions& options, Method request_method);

    // `input`: all bytes received for this message so far, from its first one. Call again with more after
    // need_more; work done is not repeated as long as the input starts at the same address (else parsing
    // begins anew). message.arena must be set. On done the message is complete: views point into `input` and
    // the arena, framing is decided, fields that Connection named are gone, duplicates of Host and
    // Content-Length are gone.
    ParseResult parse(std::string_view input, Message& message);

    // The first byte other than leading empty lines was seen: the request has begun (timeouts, dontlognull).
    bool begun() const { return line_ > 0 || scanned_ > begin_; }

 private:
    ParseResult fail(int status, const char* text, std::size_t position) const;
    ParseResult out_of_room(std::size_t position) const;
    ParseResult finish(std::size_t end, Message& message);
    bool start_line(std::string_view line, std::string_view raw, Message& message);
    bool request_line(std::string_view line, std::string_view raw, Message& message);
    bool status_line(std::string_view line, std::string_view raw, Message& message);
    bool field_line(std::string_view line, std::string_view raw, Message& message);
    bool fold(std::string_view line, Message& message);
    bool refuse(int status, const char* text, const char* where);
    void restart(std::string_view input, Message& message);

    ParseOptions options_;
    bool request_ = true;
    Method request_method_ = Method::get;

    const char* base_ = nullptr;  // of the input seen last
    std::size_t begin_ = 0;       // after leading empty lines
    std::size_t position_ = 0;    // start of the line being read
    std::size_t scanned_ = 0;     // bytes looked at in search of its end
    std::size_t line_ = 0;        // complete lines
    std::size_t folds_ = 0;       // continued lines (responses)
    ParseError error_;
};

}  // namespace proxyd::http
