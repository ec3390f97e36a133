// Tells the world about state changes: notify scripts, the FIFOs, mail. Scripts of one instance or group run
// one after the other in the order of the transitions (a queue of the helper process, which also outlives us:
// notify_stop still runs).
#pragma once

#include <map>
#include <string>

#include "common/logging.h"
#include "vrrpd/config/model.h"
#include "vrrpd/engine/helper_port.h"
#include "vrrpd/engine/users.h"
#include "vrrpd/fsm/machine.h"
#include "vrrpd/io/notify_fifo.h"

namespace vrrpd::engine {

class Notifier {
 public:
    explicit Notifier(HelperPort& helper) : helper_(helper) {}

    // At the start and at each reload. FIFOs are opened, and made where they do not exist. Users are looked
    // up here, because the system's user database may block.
    void configure(const config::Config& config);

    // `config` of configure() must still live.
    void notify(const config::Instance& instance, const fsm::Notify& event);
    void notify(const config::SyncGroup& group, fsm::NotifyEvent event);

    // fifo_write_vrrp_states_on_reload: what is, as if it had just become so; FIFOs only.
    void tell_state(const config::Instance& instance, fsm::Role role, int priority);
    void tell_state(const config::SyncGroup& group, fsm::Role role);

 private:
    // Who is told of: an instance or a group.
    struct Subject {
        const char* kind;      // "INSTANCE"
        const char* title;     // "VRRP Instance": in mail
        const char* log_name;  // "VRRP_Instance"
        const std::string& name;
        const config::Notifications& notify;
        bool group;
        std::string key() const { return std::string(kind) + " " + name; }
    };
    void tell(const Subject& subject, fsm::NotifyEvent event, const std::string& priority);
    void run(const Subject& subject, const config::Command& command, std::vector<std::string> extra);
    void mail(const Subject& subject, fsm::NotifyEvent event);
    void write_state(const char* kind, const std::string& name, fsm::Role role, int priority);
    void write(const std::string& line);
    common::Result<Account> account_of(const config::Command& command) const;

    HelperPort& helper_;
    const config::Globals* globals_ = nullptr;
    std::string node_;  // router_id or host name
    io::NotifyFifo fifo_, vrrp_fifo_;
    std::map<const config::Command*, common::Result<Account>> accounts_;  // of the configuration's commands
    common::log::RateLimiter fifo_lines_{std::chrono::seconds(60)};
    std::map<std::string, fsm::NotifyEvent> last_told_;  // by Subject::key(): one mail per change
};

std::string host_name();

}  // namespace vrrpd::engine
