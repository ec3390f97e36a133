// Tells the world about state changes: notify scripts, the FIFOs, mail. Scripts of one instance run one after
// the other in the order of the transitions (a queue of the helper process, which also outlives us:
// notify_stop still runs).
#pragma once

#include <string>

#include "vrrpd/config/model.h"
#include "vrrpd/engine/helper_port.h"
#include "vrrpd/fsm/machine.h"
#include "vrrpd/io/notify_fifo.h"

namespace vrrpd::engine {

class Notifier {
 public:
    explicit Notifier(HelperPort& helper) : helper_(helper) {}

    // At the start and at each reload. FIFOs are opened, and made where they do not exist.
    void configure(const config::Globals& globals);

    // `globals` of configure() must still live.
    void notify(const config::Instance& instance, const fsm::Notify& event);

 private:
    void run(const config::Instance& instance, const config::Command& command,
             std::vector<std::string> extra);
    void mail(const config::Instance& instance, fsm::NotifyEvent event);

    HelperPort& helper_;
    const config::Globals* globals_ = nullptr;
    std::string node_;  // router_id or host name
    io::NotifyFifo fifo_, vrrp_fifo_;
    std::map<std::string, fsm::NotifyEvent> last_mail_;  // by instance: one mail per change
};

std::string host_name();

}  // namespace vrrpd::engine
