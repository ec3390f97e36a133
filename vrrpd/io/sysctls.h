// Settings below /proc/sys that the keeper changes while it runs. What they were is kept in a file, so that a
// restart after a crash still knows, and the end of the keeper leaves the node as it was found.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/error.h"

namespace vrrpd::io {

class Sysctls {
 public:
    // Remembers in `file`; a former life's records of the same boot and network namespace are taken over.
    // `root`: other than /proc/sys in tests.
    explicit Sysctls(std::string file, std::string root = "/proc/sys");

    // `name` as "net/ipv4/conf/eth0/arp_ignore". What was there before is remembered the first time.
    common::Result<> set(const std::string& name, int value);

    // Everything but `wanted` becomes what it was, where it still is what we made it.
    void restore_except(const std::set<std::string>& wanted);
    void restore_all() { restore_except({}); }

    // The interface is new, so its settings are the kernel's again: nothing to restore there.
    void forget_interface(const std::string& interface);

    std::optional<int> get(const std::string& name) const;
    std::vector<std::string> changed() const;  // names

 private:
    struct Record {
        int before = 0, ours = 0;
    };
    void save() const;

    std::string file_, root_;
    std::map<std::string, Record> records_;
};

}  // namespace vrrpd::io
