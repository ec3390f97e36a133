// vrrp_sync_group at work: after each event of a member, what fsm::synchronise() orders is delivered to the
// others, in the same turn of the loop; then scripts, FIFOs and mail hear what the group has become.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/config/model.h"
#include "vrrpd/engine/notifier.h"
#include "vrrpd/engine/router.h"
#include "vrrpd/fsm/sync_group.h"

namespace vrrpd::engine {

class SyncGroups {
 public:
    explicit SyncGroups(Notifier& notifier) : notifier_(notifier) {}

    // While the routers are replaced (a reload) nothing is ordered; configure() ends it. `config` and the
    // routers must live until the next suspend().
    void suspend() { groups_.clear(); }
    void configure(const config::Config& config, const std::vector<std::unique_ptr<Router>>& routers);

    // After an event of this router.
    void settle(const Router& router);
    void settle_all();

    // Whether a router that has not started may go on as master: all of its group must be able to.
    bool can_resume(const Router& router) const;

    // For `vrrpd --show`; of a group that exists.
    fsm::Role role(const std::string& group) const;

 private:
    struct Group {
        const config::SyncGroup* settings = nullptr;
        std::vector<Router*> routers;
        bool settling = false;
    };
    const Group* find(const std::string& name) const;
    static std::vector<fsm::Member> members(const Group& group);
    void settle(Group& group);
    void tell(const Group& group);

    Notifier& notifier_;
    std::vector<Group> groups_;
    std::map<std::string, fsm::Role> told_;  // by name; kept over reloads
};

}  // namespace vrrpd::engine
