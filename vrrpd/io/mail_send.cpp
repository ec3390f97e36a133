// The blocking half of mail: runs in a child of the helper process.
#include <netdb.h>
#include <sys/socket.h>

#include "common/blocking_socket.h"
#include "common/error.h"
#include "common/unique_fd.h"
#include "vrrpd/io/mail.h"

namespace vrrpd::io {
namespace {

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

}  // namespace

int send_mail(std::string_view payload, std::string& text) {
    const MailMessage message = unpack(payload);
    const auto connection = connect_to(message);
    const auto done =
        connection ? common::send_smtp(connection->get(), as_smtp(message), "smtp_server " + message.server)
                   : common::Result<>(std::unexpected(connection.error()));
    if (done) return 0;
    text = "mail \"" + message.subject + "\" not sent: " + done.error().text;
    return 1;
}

}  // namespace vrrpd::io
