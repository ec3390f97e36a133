#include "proxyd/upstream/dns_channel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace proxyd::upstream {

namespace {

constexpr std::size_t kLargestMessage = 65535;
constexpr std::size_t kLength = 2;  // bytes before a message in a stream
// Queries that a name server does not take are dropped; they are asked again.
constexpr std::size_t kMostUnsent = 65536;

common::UniqueFd connect_to(const common::Endpoint& server, int type) {
    common::UniqueFd fd(::socket(server.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd && ::connect(fd.get(), server.data(), server.size()) != 0 && errno != EINPROGRESS) fd.reset();
    return fd;
}

short events_of(const std::vector<pollfd>& polled, std::size_t place, const common::UniqueFd& fd) {
    return fd && place < polled.size() && polled[place].fd == fd.get() ? polled[place].revents : short{0};
}

}  // namespace

std::string frame_dns_message(std::string_view message) {
    std::string out;
    out.push_back(static_cast<char>(message.size() >> 8));
    out.push_back(static_cast<char>(message.size() & 0xff));
    return out.append(message);
}

std::size_t next_dns_message(std::string_view bytes, std::string_view& message) {
    if (bytes.size() < kLength) return 0;
    const std::size_t size =
        static_cast<unsigned char>(bytes[0]) * 256U + static_cast<unsigned char>(bytes[1]);
    if (bytes.size() - kLength < size) return 0;
    message = bytes.substr(kLength, size);
    return kLength + size;
}

bool DnsStream::open() {
    if (!fd_) fd_ = connect_to(server_, SOCK_STREAM);
    return static_cast<bool>(fd_);
}

void DnsStream::close() {
    fd_.reset();
    in_.clear();
    out_.clear();
}

bool DnsStream::send(std::string_view message) {
    if (message.size() > kLargestMessage || out_.size() > kMostUnsent || !open()) return false;
    out_ += frame_dns_message(message);
    flush();
    return static_cast<bool>(fd_);
}

void DnsStream::flush() {
    const ssize_t sent = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN) close();
}

void DnsStream::enlist(std::vector<pollfd>& polled) {
    if (!fd_) return;
    place_ = polled.size();
    polled.push_back({fd_.get(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0});
}

void DnsStream::serve(const std::vector<pollfd>& polled, const DnsReceiver& receiver) {
    const short events = events_of(polled, place_, fd_);
    if ((events & POLLOUT) != 0 && !out_.empty()) flush();
    if (fd_ && (events & ~POLLOUT) != 0) read(receiver);
}

void DnsStream::read(const DnsReceiver& receiver) {
    std::array<char, 4096> bytes;
    for (;;) {
        const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (size <= 0) return close();
        in_.append(bytes.data(), static_cast<std::size_t>(size));
        std::string_view message;
        while (const std::size_t taken = next_dns_message(in_, message)) {
            const std::string whole(message);
            in_.erase(0, taken);
            receiver(whole, true);  // may send another query, and find that the connection is broken
            if (!fd_) return;
        }
    }
}

bool DnsChannel::send_datagram(std::string_view query) {
    if (!fd_) fd_ = connect_to(server_.address, SOCK_DGRAM);
    return fd_ && ::send(fd_.get(), query.data(), query.size(), MSG_NOSIGNAL) >= 0;
}

void DnsChannel::send(std::string_view query) {
    const bool sent = server_.stream ? stream_.send(query) : send_datagram(query);
    ++(sent ? counters.sent : counters.send_errors);
}

void DnsChannel::send_by_stream(std::string_view query) {
    ++(stream_.send(query) ? counters.sent : counters.send_errors);
}

void DnsChannel::enlist(std::vector<pollfd>& polled) {
    if (fd_) {
        place_ = polled.size();
        polled.push_back({fd_.get(), POLLIN, 0});
    }
    stream_.enlist(polled);
}

void DnsChannel::serve(const std::vector<pollfd>& polled, const DnsReceiver& receiver) {
    if (events_of(polled, place_, fd_) != 0) read_datagrams(receiver);
    stream_.serve(polled, receiver);
}

void DnsChannel::read_datagrams(const DnsReceiver& receiver) {
    static thread_local std::array<char, kLargestMessage> buffer;
    for (;;) {
        const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == ECONNREFUSED) continue;  // told once; the next call says what is there
        if (size < 0) return;
        const auto count = static_cast<std::size_t>(size);
        if (count > largest_)
            ++counters.too_big;
        else
            receiver({buffer.data(), count}, false);
    }
}

}  // namespace proxyd::upstream
