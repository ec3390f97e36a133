#include "proxyd/net/watch.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "proxyd/net/worker.h"

namespace proxyd::net {

using boost::asio::detail::reactor;
using boost::asio::detail::reactor_op;

Watch::Watch(Worker& worker, int fd)
    : worker_(worker),
      fd_(fd),
      input_(*this, input_edge),
      output_(*this, output_edge),
      hang_up_(*this, trouble_edge) {}

Watch::~Watch() {
    if (fd_ >= 0) ::close(fd_);
}

void Watch::close() {
    if (fd_ < 0) return;
    if (reactor_data_) {
        // "Closing": closing the only descriptor of a socket takes it out of the epoll set, no call is
        // needed.
        worker_.reactor().deregister_descriptor(fd_, reactor_data_, true);
    }
    ::close(std::exchange(fd_, -1));
    if (reactor_data_) worker_.reactor().cleanup_descriptor_data(reactor_data_);
    input_armed_ = output_armed_ = false;
}

// The reactor lets go of an operation: the descriptor was closed, or the reactor ends.
void Watch::Operation::ended(void*, boost::asio::detail::operation* base, const boost::system::error_code&,
                             std::size_t) {
    intrusive_ptr_release(&static_cast<Operation*>(base)->owner);
}

reactor_op::status Watch::input_edge(reactor_op* base) {
    Watch& self = static_cast<Operation*>(base)->owner;
    self.drained_ = false;
    if (std::exchange(self.input_armed_, false)) self.on_ready(false);
    return reactor_op::not_done;
}

reactor_op::status Watch::output_edge(reactor_op* base) {
    Watch& self = static_cast<Operation*>(base)->owner;
    self.full_ = false;
    if (std::exchange(self.output_armed_, false)) self.on_ready(true);
    return reactor_op::not_done;
}

reactor_op::status Watch::trouble_edge(reactor_op* base) {
    Watch& self = static_cast<Operation*>(base)->owner;
    self.trouble_ = self.watched_;  // unless it is the try at the start
    return reactor_op::not_done;
}

// Input is watched from the first moment: an edge that nobody notes does not come again.
void Watch::join_reactor() {
    if (reactor_data_) return;
    const int error = worker_.reactor().register_descriptor(fd_, reactor_data_);
    if (error != 0) throw std::system_error(error, std::system_category(), "epoll");
    start(input_, reactor::read_op);
    start(hang_up_, reactor::except_op);
    watched_ = true;
}

// Asio tries the operation at once, before the owner's wish is noted.
void Watch::start(Operation& operation, int type) {
    ++references_;
    worker_.reactor().start_op(type, fd_, reactor_data_, &operation, false, true);
}

void Watch::arm_input() {
    if (input_armed_ || fd_ < 0) return;
    if (!reactor_data_) {
        join_reactor();  // brings an edge when there is input already
    } else if (!drained_ || trouble_) {
        char byte;
        if (::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN) return on_ready(false);
        drained_ = true;
    }
    input_armed_ = true;
}

void Watch::arm_output() {
    if (output_armed_ || fd_ < 0) return;
    if (!std::exchange(output_watched_, true)) {
        join_reactor();
        start(output_, reactor::write_op);  // brings an edge when there is room already
    } else if (!full_ || trouble_) {
        return on_ready(true);
    }
    output_armed_ = true;
}

}  // namespace proxyd::net
