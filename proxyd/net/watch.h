// Readiness of one descriptor, edge-triggered, at the price of one epoll_ctl per connection and none per
// request.
//
// Asio's public way, async_wait, asks the kernel anew (epoll_ctl) for each wait, and makes an operation for
// it. Here an operation is in the reactor's queue for the life of the descriptor, as Asio has it for its own
// descriptors: each edge performs it, it notes what is ready, and ends (to come back at once) when somebody
// waits. So between edges nothing is asked as long as the owner has seen its descriptor drained (or full);
// where it has not, one look tells.
//
// This uses Boost.Asio's reactor below its public interface (detail::epoll_reactor, Boost 1.81, pinned in
// CMakeLists.txt); nothing else in the project does. Worker's thread only.
#pragma once

#include <memory>

#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace proxyd::net {

class Worker;

// Base of what owns a descriptor. Kept alive by its pending operations; close() ends them.
class Watch {
 public:
    Watch(Worker& worker, int fd);  // takes the descriptor, which must be non-blocking and have no duplicate
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    Worker& worker() const { return worker_; }
    int fd() const { return fd_; }  // -1 after close()
    void close();

    // Calls on_ready() for the next time that the direction is ready, or failed; at once when it is so
    // already. Idempotent. Output: only after a call on the descriptor would have blocked, or while it
    // connects.
    void arm_input();
    void arm_output();

    // What the owner's calls have found: nothing to read any more, no room to write to. An edge takes it
    // back. An error or hang-up that came with the last bytes does not lie on top of them: it is looked for
    // before each wait.
    void drained() { drained_ = true; }
    void full() { full_ = true; }

 protected:
    virtual ~Watch();
    // Called within a Worker::Event, or from arm_*(): note it, resume later; close nothing, arm nothing.
    virtual void on_ready(bool output) = 0;

 private:
    // Names its owner by the key that Asio keeps for cancellation by others.
    struct Operation : boost::asio::detail::reactor_op {
        Operation(Watch& watch, perform_func_type edge) : reactor_op({}, edge, ended) {
            cancellation_key_ = &watch;
        }
        Watch& owner() const { return *static_cast<Watch*>(cancellation_key_); }
        static void ended(void*, boost::asio::detail::operation* base, const boost::system::error_code&,
                          std::size_t);
    };
    friend void intrusive_ptr_add_ref(Watch* watch) { ++watch->references_; }
    friend void intrusive_ptr_release(Watch* watch) {
        if (--watch->references_ == 0) delete watch;
    }

    static boost::asio::detail::reactor_op::status input_edge(boost::asio::detail::reactor_op* base);
    static boost::asio::detail::reactor_op::status output_edge(boost::asio::detail::reactor_op* base);
    static boost::asio::detail::reactor_op::status trouble_edge(boost::asio::detail::reactor_op* base);
    void join_reactor();
    void start(Operation& operation, int type);
    void enqueue(Operation& operation, int type);
    void report(Operation& operation);

    Worker& worker_;
    int fd_;
    unsigned references_ = 0;
    bool input_armed_ = false, output_armed_ = false;
    bool drained_ = false, full_ = false;
    bool output_watched_ = false;
    bool starting_ = false;   // an operation is being tried, which is no edge
    bool reporting_ = false;  // one for input is on its way to who waits
    bool trouble_ = false;    // error or hang-up: no further edge will come
    boost::asio::detail::reactor::per_descriptor_data reactor_data_ = nullptr;
    // Two for input: Asio asks the kernel when a queue of operations was empty, so one is always in it.
    Operation input_, input_too_, output_, hang_up_;
};

}  // namespace proxyd::net
