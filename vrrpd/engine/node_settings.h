// What the instances want of the node as a whole, in any role: kernel settings, VMAC interfaces, firewall
// rules. Set at the start and at a reload, undone at the end, and after a crash by the next life.
#pragma once

#include "vrrpd/config/model.h"
#include "vrrpd/io/sysctls.h"

namespace vrrpd::engine {

class NodeSettings {
 public:
    // `folder`: where it is remembered what the node was like.
    explicit NodeSettings(const std::string& folder) : sysctls_(folder + "/sysctls") {}

    void configure(const config::Config& config);
    void restore();
    // An interface came: what its instances want of it.
    void on_interface(const config::Config& config, const std::string& interface);

 private:
    std::set<std::string> apply(const config::Config& config, const std::string& only);
    io::Sysctls sysctls_;
};

}  // namespace vrrpd::engine
