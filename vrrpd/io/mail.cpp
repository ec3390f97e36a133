#include "vrrpd/io/mail.h"

#include <algorithm>
#include <charconv>

#include "common/text.h"

namespace vrrpd::io {
namespace {

constexpr std::size_t kLongLine = 900;  // RFC 5322 allows 998; keepalived writes all recipients into one line
constexpr char kSeparator = '\0';       // cannot stand in a configuration file

// One header value: a line end in it would begin a header of somebody else's.
std::string one_line(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
}

std::string format_date(std::time_t date) {
    std::tm local{};
    ::localtime_r(&date, &local);
    char text[64];
    // The C locale's names, as RFC 5322 wants them: the daemon never sets another.
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S %z", &local)};
}

}  // namespace

std::string pack(const MailMessage& message) {
    std::string out;
    const auto put = [&](const std::string& field) { out.append(field).push_back(kSeparator); };
    put(message.server);
    put(std::to_string(message.port));
    put(std::to_string(message.timeout.count()));
    put(message.helo);
    put(message.from);
    put(message.subject);
    put(message.body);
    put(std::to_string(message.date));
    for (const std::string& recipient : message.recipients) put(recipient);
    return out;
}

MailMessage unpack(std::string_view payload) {
    MailMessage message;
    const auto next = [&]() -> std::string {
        const std::size_t end = std::min(payload.find(kSeparator), payload.size());
        std::string field(payload.substr(0, end));
        payload.remove_prefix(std::min(end + 1, payload.size()));
        return field;
    };
    const auto number = [&] {
        const std::string field = next();
        long long value = 0;
        std::from_chars(field.data(), field.data() + field.size(), value);
        return value;
    };
    message.server = next();
    message.port = static_cast<std::uint16_t>(number());
    message.timeout = std::chrono::seconds(number());
    message.helo = next();
    message.from = next();
    message.subject = next();
    message.body = next();
    message.date = static_cast<std::time_t>(number());
    while (!payload.empty()) message.recipients.push_back(next());
    return message;
}

std::string envelope_address(std::string_view address) {
    const std::size_t open = address.rfind('<');
    if (open != address.npos) {
        address.remove_prefix(open + 1);
        address = address.substr(0, address.find('>'));
    }
    return one_line(std::string(common::trim(address)));
}

std::string render(const MailMessage& message) {
    std::string recipients;
    std::size_t length = 0;  // of the last line
    for (const std::string& recipient : message.recipients) {
        const std::string one = one_line(recipient);
        if (!recipients.empty()) {
            const bool fold = length + one.size() > kLongLine;
            recipients += fold ? ",\r\n " : ", ";
            if (fold) length = 0;
        }
        recipients += one;
        length += one.size() + 2;
    }
    std::string out = "Date: " + format_date(message.date) + "\r\nFrom: " + one_line(message.from) +
                      "\r\nSubject: " + one_line(message.subject) +
                      "\r\nX-Mailer: Keepalived\r\nTo: " + recipients + "\r\n\r\n";
    for (std::string_view line : common::split(message.body, '\n')) {
        if (line.starts_with('.')) out += '.';
        out.append(line).append("\r\n");
    }
    return out + ".\r\n";
}

SmtpDialogue::Outcome SmtpDialogue::reply(std::string_view line, std::string& out) {
    // Name of the step for a failure, and the class of codes that means success.
    struct Expect {
        const char* step;
        char first;
    };
    static constexpr Expect kExpect[] = {{"the greeting", '2'}, {"HELO", '2'}, {"MAIL FROM", '2'},
                                         {"RCPT TO", '2'},      {"DATA", '3'}, {"the message", '2'}};
    out.clear();
    if (line.size() > 3 && line[3] == '-') return Outcome::going_on;
    const Expect& expect = kExpect[static_cast<std::size_t>(stage_)];
    if (line.empty() || line[0] != expect.first) {
        error_ = std::string(expect.step) + " answered " + std::string(line.substr(0, 200));
        return Outcome::failed;
    }
    switch (stage_) {
        case Stage::greeting:
            out = "HELO " + one_line(message_.helo) + "\r\n";
            stage_ = Stage::helo;
            break;
        case Stage::helo:
            out = "MAIL FROM:<" + envelope_address(message_.from) + ">\r\n";
            stage_ = Stage::from;
            break;
        case Stage::from:
        case Stage::recipient:
            if (recipient_ < message_.recipients.size()) {
                out = "RCPT TO:<" + envelope_address(message_.recipients[recipient_++]) + ">\r\n";
                stage_ = Stage::recipient;
            } else {
                out = "DATA\r\n";
                stage_ = Stage::data;
            }
            break;
        case Stage::data:
            out = render(message_);
            stage_ = Stage::content;
            break;
        case Stage::content:
            out = "QUIT\r\n";
            return Outcome::sent;
    }
    return Outcome::going_on;
}

}  // namespace vrrpd::io
