#include "proxyd/fcgi/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace proxyd::fcgi {
namespace {

using net::IoResult;
using Kind = IoResult::Kind;

constexpr std::size_t kReadSize = 16384;

}  // namespace

void Connection::begin(const Exchange& exchange) {
    request_.begin(exchange.head, exchange.body);
    answer_.begin(exchange.response, exchange.errors);
    forget_output();
}

void Connection::forget_output() {
    out_.clear();
    at_ = 0;
}

// Goes on until the socket takes no more, so that it is known to be full when the caller waits.
IoResult Connection::try_write(net::Stream& below, std::span<const iovec> pieces) {
    request_.offer(pieces);
    IoResult result{Kind::would_block, 0, 0};
    for (auto due = request_.due(); !due.empty(); due = request_.due()) {
        result = below.write_below(due, request_.more_follows());
        if (!result.ok()) break;
        request_.wrote(result.count);
    }
    const std::size_t told = request_.report();
    return told > 0 ? IoResult{Kind::ok, told, 0} : result;
}

IoResult Connection::pull(net::Stream& below) {
    if (!in_) in_ = std::make_unique_for_overwrite<char[]>(kReadSize);
    const IoResult result = below.read_below({in_.get(), kReadSize});
    if (result.ok()) answer_.take({in_.get(), result.count}, out_);
    return result;
}

IoResult Connection::try_read(net::Stream& below, std::span<char> into) {
    for (;;) {
        if (answer_.broken()) {
            forget_output();
            return {Kind::error, 0, EBADMSG};
        }
        if (at_ < out_.size()) {
            const std::size_t count = std::min(into.size(), out_.size() - at_);
            std::memcpy(into.data(), out_.data() + at_, count);
            at_ += count;
            if (at_ == out_.size()) forget_output();
            return {Kind::ok, count, 0};
        }
        if (answer_.over()) return {Kind::end, 0, 0};  // with nothing, or too little
        const IoResult result = pull(below);
        if (!result.ok()) return result;
    }
}

bool Connection::reusable(net::Stream& below, bool stirred) {
    const auto in_order = [&] { return !answer_.broken() && !answer_.unasked(); };
    while (in_order() && (stirred || !answer_.over())) {
        const IoResult result = pull(below);
        forget_output();  // the rest of a body that nobody wanted
        if (result.ok()) continue;
        if (!result.would_block() || !answer_.over()) return false;
        stirred = false;
    }
    return in_order();
}

void Connection::release_buffers() {
    in_.reset();
    std::string().swap(out_);
    at_ = 0;
}

}  // namespace proxyd::fcgi
