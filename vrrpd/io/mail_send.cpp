// The blocking half of mail: runs in a child of the helper process.
#include <netdb.h>
#include <sys/socket.h>

#include <array>

#include "common/blocking_socket.h"
#include "common/error.h"
#include "common/unique_fd.h"
#include "vrrpd/io/mail.h"

namespace vrrpd::io {
namespace {

constexpr std::size_t kMaxReply = 4096;  // of one line; RFC 5321 has 512

common::Result<common::UniqueFd> connect_to(const MailMessage& message) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code =
        ::getaddrinfo(message.server.c_str(), std::to_string(message.port).c_str(), &hints, &found);
    if (code != 0) {
        return common::fail("smtp_server " + message.server +
                            " is no address and no known host: " + ::gai_strerror(code));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
    int error = 0;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        common::UniqueFd fd(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
        common::limit_blocking(fd.get(), message.timeout);
        if (fd && ::connect(fd.get(), at->ai_addr, at->ai_addrlen) == 0) return fd;
        error = errno == EINPROGRESS ? ETIMEDOUT : errno;
    }
    return common::fail_errno("cannot connect to smtp_server " + message.server, error);
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

common::Result<> talk(int fd, const MailMessage& message) {
    SmtpDialogue dialogue(message);
    std::string pending, out;
    std::array<char, 1024> buffer;
    while (true) {
        const std::size_t end = pending.find('\n');
        if (end == pending.npos) {
            const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
            if (size == 0) return common::fail("smtp_server " + message.server + " closed the connection");
            if (size < 0) return common::fail_errno("no reply from smtp_server " + message.server, errno);
            pending.append(buffer.data(), static_cast<std::size_t>(size));
            if (pending.size() > kMaxReply)
                return common::fail("smtp_server " + message.server + " talks too much");
            continue;
        }
        std::string line = pending.substr(0, end);
        pending.erase(0, end + 1);
        if (line.ends_with('\r')) line.pop_back();
        const auto outcome = dialogue.reply(line, out);
        if (outcome == SmtpDialogue::Outcome::failed) {
            return common::fail("smtp_server " + message.server + ": " + dialogue.error());
        }
        if (!send_all(fd, out)) return common::fail_errno("cannot write to smtp_server " + message.server);
        if (outcome == SmtpDialogue::Outcome::sent) return {};
    }
}

}  // namespace

int send_mail(std::string_view payload, std::string& text) {
    const MailMessage message = unpack(payload);
    const auto connection = connect_to(message);
    const auto done =
        connection ? talk(connection->get(), message) : common::Result<>(std::unexpected(connection.error()));
    if (done) return 0;
    text = "mail \"" + message.subject + "\" not sent: " + done.error().text;
    return 1;
}

}  // namespace vrrpd::io
