// From what an application writes to its standard output, a CGI response (RFC 3875 section 6), to an HTTP/1.1
// response. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proxyd::fcgi {

class ResponseTranslator {
 public:
    struct Options {
        bool body_wanted = true;  // false: HEAD was asked, what comes of a body is dropped
        bool keep_conn = true;    // false: the connection ends with this response
        std::int64_t now_s = 0;   // seconds since 1970, for the field Date
    };
    // A new response.
    void start(const Options& options);

    // More of the standard output. Appends to `out` what can be told of the response by now, but for its
    // head, which waits until settle(). False: it is no response (then it is of no more use).
    bool take(std::string_view output, std::string& out);
    // The request is over. False: the response is cut short, or failed().
    bool end(std::string& out);
    // All that was there was taken: a head that is here goes out now. (When the request is over before, the
    // response's length is known, else it is sent in chunks.)
    void settle(std::string& out);

    bool failed() const { return stage_ == Stage::failed; }
    bool begun() const { return stage_ != Stage::head || !held_.empty(); }  // something came

 private:
    enum class Stage : unsigned char { head, waiting, body, over, failed };
    enum class Framing : unsigned char { none, length, own, chunked };  // own: the application's own chunks

    bool fail();
    bool read_head();
    bool read_field(std::string_view line);
    bool read_status(std::string_view value);
    bool add_body(std::string_view output, std::string& out);
    void write_head(std::string& out);

    Options options_;
    Stage stage_ = Stage::head;
    Framing framing_ = Framing::chunked;
    std::string held_;    // of the head, as it came; then of the body, while the head waits
    std::string fields_;  // of the response, each with its line end
    int status_ = 0;
    std::string reason_;
    bool redirects_ = false, dated_ = false;
    std::optional<std::uint64_t> length_;
    std::uint64_t passed_ = 0;  // bytes of the body
};

}  // namespace proxyd::fcgi
