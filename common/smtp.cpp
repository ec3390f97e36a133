#include "common/smtp.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "common/text.h"

namespace common {

namespace {

constexpr std::size_t kMaxReply = 4096;  // of one line; RFC 5321 has 512

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

std::string smtp_content(std::string_view headers, std::string_view body) {
    std::string out(headers);
    out += "\r\n";
    for (const std::string_view line : split(body, '\n')) {
        if (line.starts_with('.')) out += '.';
        out.append(line).append("\r\n");
    }
    return out + ".\r\n";
}

std::string smtp_one_line(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
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
            out = "HELO " + mail_.helo + "\r\n";
            stage_ = Stage::helo;
            break;
        case Stage::helo:
            out = "MAIL FROM:<" + mail_.from + ">\r\n";
            stage_ = Stage::from;
            break;
        case Stage::from:
        case Stage::recipient:
            if (recipient_ < mail_.recipients.size()) {
                out = "RCPT TO:<" + mail_.recipients[recipient_++] + ">\r\n";
                stage_ = Stage::recipient;
            } else {
                out = "DATA\r\n";
                stage_ = Stage::data;
            }
            break;
        case Stage::data:
            out = mail_.content;
            stage_ = Stage::content;
            break;
        case Stage::content:
            out = "QUIT\r\n";
            return Outcome::sent;
    }
    return Outcome::going_on;
}

Result<> send_smtp(int fd, SmtpMail mail, const std::string& server) {
    SmtpDialogue dialogue(std::move(mail));
    std::string pending, out;
    std::array<char, 1024> buffer;
    while (true) {
        const std::size_t end = pending.find('\n');
        if (end == std::string::npos) {
            const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
            if (size == 0) return fail(server + " closed the connection");
            if (size < 0) return fail_errno("no reply from " + server, errno);
            pending.append(buffer.data(), static_cast<std::size_t>(size));
            if (pending.size() > kMaxReply) return fail(server + " talks too much");
            continue;
        }
        std::string line = pending.substr(0, end);
        pending.erase(0, end + 1);
        if (line.ends_with('\r')) line.pop_back();
        const auto outcome = dialogue.reply(line, out);
        if (outcome == SmtpDialogue::Outcome::failed) return fail(server + ": " + dialogue.error());
        if (!send_all(fd, out)) return fail_errno("cannot write to " + server);
        if (outcome == SmtpDialogue::Outcome::sent) return {};
    }
}

}  // namespace common
