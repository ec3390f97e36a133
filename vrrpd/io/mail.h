// Mail about state changes, as keepalived sends it (RFC 5321, plain SMTP). A message is made in the daemon
// and sent by a task of the helper process, so that name resolution, connecting and slow servers delay
// nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "common/process/helper_process.h"
#include "common/smtp.h"

namespace vrrpd::io {

struct MailMessage {
    std::string server;  // host name or address
    std::uint16_t port = 25;
    std::chrono::seconds timeout{30};  // of the connection and of each reply
    std::string helo;
    std::string from;                     // as written: "a@b" or "Name <a@b>"
    std::vector<std::string> recipients;  // as written
    std::string subject, body;
    std::time_t date = 0;
    bool operator==(const MailMessage&) const = default;
};

std::string pack(const MailMessage& message);
MailMessage unpack(std::string_view payload);

// "a@b" of "Name <a@b>"; blanks and line ends cut.
std::string envelope_address(std::string_view address);

// The header and body lines behind DATA, with dots doubled and the final dot.
std::string render(const MailMessage& message);

// What goes to the server.
common::SmtpMail as_smtp(const MailMessage& message);

// The task "mail" of the helper process. Status 0: sent; else `text` is one sentence for the log.
int send_mail(std::string_view payload, std::string& text);

inline constexpr common::process::HelperTask kMailTask{"mail", send_mail};

}  // namespace vrrpd::io
