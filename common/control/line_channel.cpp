#include "common/control/line_channel.h"

#include <boost/asio/buffer.hpp>
#include <utility>

#include "common/process/fd_passing.h"

namespace common::control {

namespace asio = boost::asio;

LineChannel::LineChannel(Socket socket, std::size_t max_line, std::size_t max_output)
    : socket_(std::move(socket)), reader_(max_line), max_output_(max_output) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
}

void LineChannel::start() {
    read();
}

void LineChannel::read() {
    const std::span<char> space = reader_.prepare();
    socket_.async_read_some(
        asio::buffer(space.data(), space.size()),
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
            if (self->closed()) return;
            if (error) {
                // A peer that only closed its sending side still gets its answers.
                if (error == asio::error::eof && !self->output_.empty()) return self->finish();
                return self->end(error == asio::error::eof ? "connection closed" : error.message());
            }
            self->reader_.commit(size);
            while (!self->closed() && !self->finishing_) {
                const auto line = self->reader_.next();
                if (!line) break;
                if (self->on_line) self->on_line(*line);
            }
            if (self->closed() || self->finishing_) return;
            if (self->reader_.failed()) return self->end("line too long");
            self->read();
        });
}

void LineChannel::send(std::string text, std::vector<UniqueFd> fds) {
    if (closed() || finishing_) return;
    output_bytes_ += text.size();
    output_.push_back({std::move(text), std::move(fds)});
    if (output_bytes_ > max_output_) return end("the peer does not read");
    write();
}

void LineChannel::write() {
    if (waiting_to_write_ || closed()) return;
    while (!output_.empty()) {
        if (write_some()) continue;
        if (closed()) return;
        waiting_to_write_ = true;
        socket_.async_wait(Socket::wait_write,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                               self->waiting_to_write_ = false;
                               if (error || self->closed()) return;
                               self->write();
                           });
        return;
    }
    if (finishing_) end("closed");
}

bool LineChannel::write_some() {
    Item& item = output_.front();
    std::vector<int> fds;
    for (const UniqueFd& fd : item.fds) fds.push_back(fd.get());
    const auto sent = process::send_some_with_fds(socket_.native_handle(), item.text, fds);
    if (!sent) {
        if (!sent.error().retry) end(sent.error().text);
        return false;
    }
    item.fds.clear();
    output_bytes_ -= *sent;
    item.text.erase(0, *sent);
    if (item.text.empty()) output_.pop_front();
    return true;
}

void LineChannel::finish() {
    finishing_ = true;
    write();
}

void LineChannel::close() {
    on_end = nullptr;  // not on_line: it may be what calls us
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void LineChannel::end(const std::string& reason) {
    const auto self = shared_from_this();  // the handler may drop the last owner
    boost::system::error_code ignored;
    socket_.close(ignored);
    const auto handler = std::exchange(on_end, nullptr);
    if (handler) handler(reason);
}

}  // namespace common::control
