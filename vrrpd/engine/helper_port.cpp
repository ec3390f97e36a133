#include "vrrpd/engine/helper_port.h"

#include <boost/asio/post.hpp>

#include "common/logging.h"

namespace vrrpd::engine {

namespace log = common::log;
using common::process::HelperEvent;
using common::process::HelperJob;

HelperPort::HelperPort(boost::asio::io_context& io, common::process::HelperProcess helper)
    : io_(io), helper_(std::move(helper)), watch_(io, helper_.fd()) {
    wait();
}

HelperPort::~HelperPort() {
    *life_ = false;
    watch_.release();  // helper_ closes it
}

std::uint64_t HelperPort::run(HelperJob job, Handler handler) {
    job.id = ++last_id_;
    handlers_.emplace(job.id, std::move(handler));
    const auto sent = alive_ ? helper_.submit(job) : common::fail("the helper process has ended");
    if (!sent) {
        const HelperEvent event{job.id, HelperEvent::Kind::not_run, 0, sent.error().text};
        boost::asio::post(io_, [this, life = life_, event] {
            if (*life) deliver(event);
        });
    }
    return job.id;
}

void HelperPort::wait() {
    watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, life = life_](boost::system::error_code error) {
                          if (error || !*life) return;
                          read_events();
                          if (*life && alive_) wait();
                      });
}

void HelperPort::read_events() {
    const auto life = life_;  // a handler may end the engine
    while (*life && alive_) {
        const int restarts = helper_.restarts();
        auto event = helper_.receive();
        if (helper_.restarts() != restarts)
            log::error("The helper process died and was replaced; what it had not finished runs again");
        if (!event) return lost(event.error().text);
        if (!*event) return;
        deliver(**event);
    }
}

void HelperPort::deliver(const HelperEvent& event) {
    const auto found = handlers_.find(event.id);
    if (found == handlers_.end()) return;
    if (!event.final()) return found->second(event);
    const Handler handler = std::move(found->second);
    handlers_.erase(found);
    handler(event);
}

void HelperPort::lost(const std::string& reason) {
    alive_ = false;
    log::alert("{}: no script, notification or mail runs any more; restart vrrpd", reason);
    // Checks fail from now on: a node whose checks cannot run must not claim to be well.
    auto orphans = std::move(handlers_);
    handlers_.clear();
    for (const auto& [id, handler] : orphans) handler({id, HelperEvent::Kind::not_run, 0, reason});
}

}  // namespace vrrpd::engine
