// Handing a mail to a server by SMTP (RFC 5321), without extensions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace common {

struct SmtpMail {
    std::string helo;
    std::string from;                     // bare addresses
    std::vector<std::string> recipients;  // at least one
    std::string content;                  // headers and body as smtp_content() makes them
};

// What goes behind DATA: lines end with CR LF, leading dots are doubled, the final dot follows.
std::string smtp_content(std::string_view headers, std::string_view body);
// One header value or address: a line end in it would begin something of somebody else's.
std::string smtp_one_line(std::string text);

// Pure: one dialogue. Every whole reply of the server yields what to send next.
class SmtpDialogue {
 public:
    explicit SmtpDialogue(SmtpMail mail) : mail_(std::move(mail)) {}

    enum class Outcome : unsigned char { going_on, sent, failed };
    // One line of the server without CRLF. `out` is what to send; empty while a reply goes on ("250-...").
    Outcome reply(std::string_view line, std::string& out);
    // After `failed`: "RCPT TO answered 550 no such user".
    const std::string& error() const { return error_; }

 private:
    const SmtpMail mail_;
    enum class Stage : unsigned char { greeting, helo, from, recipient, data, content };
    Stage stage_ = Stage::greeting;
    std::size_t recipient_ = 0;
    std::string error_;
};

// The whole dialogue on a connected blocking socket, whose own limits bound each step (limit_blocking()).
// `server`: how errors name it.
Result<> send_smtp(int fd, SmtpMail mail, const std::string& server);

}  // namespace common
