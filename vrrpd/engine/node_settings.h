// What the instances want of the node as a whole, in any role: kernel settings, VMAC interfaces, firewall
// rules. Set at the start and at a reload, undone at the end, and after a crash by the next life.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "vrrpd/config/model.h"
#include "vrrpd/io/network.h"
#include "vrrpd/io/sysctls.h"

namespace vrrpd::engine {

class NodeSettings {
 public:
    // `folder`: where it is remembered what the node was like.
    NodeSettings(const std::string& folder, io::Network& network)
        : network_(network), firewall_mark_(folder + "/firewall"), sysctls_(folder + "/sysctls") {}

    // Before the routers start or take over new settings; and when no router uses what is no longer wanted.
    void configure(const config::Config& config);
    void drop_unused(const config::Config& config);

    // An interface came or went.
    void on_interface(const config::Config& config, const std::string& interface, bool gone);

    // `keep_addresses`: the interfaces that hold them stay.
    void restore(bool keep_addresses);

 private:
    void make_vmac(const config::Instance& instance, const config::VmacLink& wanted);
    void move_reverse_path_check(const config::Config& config);
    std::string standing_table() const;
    void set_firewall(const config::Config& config);
    void remove_firewall();

    io::Network& network_;
    std::string firewall_mark_;  // file with the name of the table that is ours
    io::Sysctls sysctls_;
};

}  // namespace vrrpd::engine
