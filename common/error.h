// What can fail in normal life returns Result<T>; exceptions are for broken invariants only.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace common {

// Whose fault a failure is; decides log severity and, in proxyd, termination flags.
enum class Side : unsigned char { ours, client, server, peer, config, system };

struct Error {
    Side side = Side::system;
    int code = 0;        // errno where the system said so, 0 otherwise
    bool retry = false;  // whether trying again may help
    std::string text;    // a sentence the user can act on, without final full stop
};

template <class T = void>
using Result = std::expected<T, Error>;

// fail("cannot bind to {}") style helpers; `text` is the whole sentence.
inline std::unexpected<Error> fail(std::string text, Side side = Side::ours) {
    return std::unexpected(Error{side, 0, false, std::move(text)});
}

// "what: strerror(code)"; EAGAIN, EINTR, ENOBUFS, EMFILE and the like count as retry.
inline std::unexpected<Error> fail_errno(std::string what, int code = errno) {
    const bool retry = code == EAGAIN || code == EINTR || code == ENOBUFS || code == EMFILE ||
                       code == ENFILE || code == ENOMEM;
    return std::unexpected(
        Error{Side::system, code, retry, std::move(what) + ": " + std::generic_category().message(code)});
}

}  // namespace common
