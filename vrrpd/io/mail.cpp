#include "vrrpd/io/mail.h"

#include <algorithm>
#include <charconv>

#include "common/text.h"

namespace vrrpd::io {
namespace {

constexpr std::size_t kLongLine = 900;  // RFC 5322 allows 998; keepalived writes all recipients into one line
constexpr char kSeparator = '\0';       // cannot stand in a configuration file

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
    return common::smtp_one_line(std::string(common::trim(address)));
}

std::string render(const MailMessage& message) {
    std::string recipients;
    std::size_t length = 0;  // of the last line
    for (const std::string& recipient : message.recipients) {
        const std::string one = common::smtp_one_line(recipient);
        if (!recipients.empty()) {
            const bool fold = length + one.size() > kLongLine;
            recipients += fold ? ",\r\n " : ", ";
            if (fold) length = 0;
        }
        recipients += one;
        length += one.size() + 2;
    }
    const std::string headers = "Date: " + format_date(message.date) +
                                "\r\nFrom: " + common::smtp_one_line(message.from) +
                                "\r\nSubject: " + common::smtp_one_line(message.subject) +
                                "\r\nX-Mailer: Keepalived\r\nTo: " + recipients + "\r\n";
    return common::smtp_content(headers, message.body);
}

common::SmtpMail as_smtp(const MailMessage& message) {
    common::SmtpMail mail{
        common::smtp_one_line(message.helo), envelope_address(message.from), {}, render(message)};
    for (const std::string& recipient : message.recipients)
        mail.recipients.push_back(envelope_address(recipient));
    return mail;
}

}  // namespace vrrpd::io
