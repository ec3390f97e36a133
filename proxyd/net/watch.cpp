#include "proxyd/net/watch.h"

#include <poll.h>
#include <unistd.h>

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
      input_too_(*this, input_edge),
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

// The reactor lets go of an operation: it was done, or the descriptor was closed, or the reactor ends.
void Watch::Operation::ended(void* owner, boost::asio::detail::operation* base,
                             const boost::system::error_code&, std::size_t) {
    auto& operation = *static_cast<Operation*>(base);
    Watch& self = operation.owner();
    if (owner && !operation.ec_ && self.reactor_data_) return self.report(operation);
    intrusive_ptr_release(&self);
}

// An edge while somebody waits ends the operation, so that he is resumed at once; others leave it in its
// queue.
reactor_op::status Watch::input_edge(reactor_op* base) {
    Watch& self = static_cast<Operation*>(base)->owner();
    self.drained_ = false;
    if (!self.input_armed_ || self.starting_ || self.reporting_) return reactor_op::not_done;
    self.reporting_ = true;
    return reactor_op::done;
}

reactor_op::status Watch::output_edge(reactor_op* base) {
    Watch& self = static_cast<Operation*>(base)->owner();
    if (self.starting_) return reactor_op::not_done;
    self.full_ = false;
    return self.output_armed_ ? reactor_op::done : reactor_op::not_done;
}

reactor_op::status Watch::trouble_edge(reactor_op* base) {
    Watch& self = static_cast<Operation*>(base)->owner();
    self.trouble_ |= !self.starting_;
    return reactor_op::not_done;
}

void Watch::report(Operation& operation) {
    const boost::intrusive_ptr<Watch> alive(this);  // who is resumed may close
    const bool output = &operation == &output_;
    enqueue(operation, output ? reactor::write_op : reactor::read_op);
    if (!output) reporting_ = false;
    const Worker::Event event(worker_);
    bool& armed = output ? output_armed_ : input_armed_;
    // An edge that came while the operation was on its way is not noted: what was found meanwhile may be old.
    (output ? full_ : drained_) = false;
    if (std::exchange(armed, false)) on_ready(output);
}

// Input is watched from the first moment: an edge that nobody notes does not come again.
void Watch::join_reactor() {
    if (reactor_data_) return;
    const int error = worker_.reactor().register_descriptor(fd_, reactor_data_);
    if (error != 0) throw std::system_error(error, std::system_category(), "epoll");
    start(input_, reactor::read_op);
    start(input_too_, reactor::read_op);
    start(hang_up_, reactor::except_op);
}

void Watch::start(Operation& operation, int type) {
    ++references_;
    enqueue(operation, type);
}

// Asio tries the operation at once, which is no edge.
void Watch::enqueue(Operation& operation, int type) {
    starting_ = true;
    worker_.reactor().start_op(type, fd_, reactor_data_, &operation, false, true);
    starting_ = false;
}

void Watch::arm_input() {
    if (input_armed_ || fd_ < 0) return;
    if (!reactor_data_) {
        join_reactor();  // brings an edge when there is input already
    } else if (!drained_ || trouble_) {
        // Not a peek: that would take the socket's error, and the owner's next read would find a mere end.
        pollfd state{fd_, POLLIN, 0};
        if (::poll(&state, 1, 0) != 0) return on_ready(false);
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
