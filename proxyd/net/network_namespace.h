// Sockets in another network namespace (network_namespaces(7); configuration manual 5.1 and 5.2, namespace).
#pragma once

#include <memory>
#include <string>

#include "common/error.h"
#include "common/unique_fd.h"

namespace proxyd::net {

// Where `ip netns add` leaves them.
inline constexpr std::string_view kNamespaceFolder = "/var/run/netns/";

class NetworkNamespace {
 public:
    // Opens it by name, and remembers the one we are in. To be called before chroot and by any thread.
    static common::Result<std::shared_ptr<const NetworkNamespace>> open(const std::string& name);

    // socket(2) in it; the calling thread is there for as long as that takes. Needs CAP_SYS_ADMIN.
    common::Result<common::UniqueFd> socket(int family, int type) const;

    // The calling thread is in it as long as the object lives.
    class Visit {
     public:
        explicit Visit(const NetworkNamespace& there);
        ~Visit();
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;
        bool entered() const { return entered_; }  // else errno says why not

     private:
        const NetworkNamespace& there_;
        const bool entered_;
    };

 private:
    NetworkNamespace(common::UniqueFd there, common::UniqueFd home)
        : there_(std::move(there)), home_(std::move(home)) {}
    common::UniqueFd there_, home_;
};

}  // namespace proxyd::net
