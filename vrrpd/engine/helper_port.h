// The helper process on the engine's loop: jobs go out with a handler, events come back to it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <map>

#include "common/process/helper_process.h"

namespace vrrpd::engine {

class HelperPort {
 public:
    // Called for each event of the job; after one that is final, never again.
    using Handler = std::function<void(const common::process::HelperEvent&)>;

    HelperPort(boost::asio::io_context& io, common::process::HelperProcess helper);
    ~HelperPort();

    // `job.id` is filled in. When the helper cannot take it the handler is called with `not_run` from the
    // loop. Returns the id, for forget().
    std::uint64_t run(common::process::HelperJob job, Handler handler);

    // No handler is called for the job any more; the job itself goes on.
    void forget(std::uint64_t id) { handlers_.erase(id); }

    bool alive() const { return alive_; }

 private:
    void wait();
    void read_events();
    void lost(const std::string& reason);
    void deliver(const common::process::HelperEvent& event);

    boost::asio::io_context& io_;
    common::process::HelperProcess helper_;
    boost::asio::posix::stream_descriptor watch_;
    std::map<std::uint64_t, Handler> handlers_;
    std::uint64_t last_id_ = 0;
    bool alive_ = true;
    std::shared_ptr<bool> life_ = std::make_shared<bool>(true);  // for what is posted
};

}  // namespace vrrpd::engine
