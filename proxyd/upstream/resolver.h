// Finds the addresses of servers that are configured by name. Names are asked for in a helper process that
// was forked before chroot, since the system's resolver blocks, reads files and cannot be interrupted. A name
// without an answer does not keep the proxy from starting: its server is down ("resolution failed") and the
// name is asked for again, forever.
#pragma once

#include <memory>

#include "common/clock.h"
#include "common/error.h"
#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/prober.h"

namespace proxyd::upstream {

class Resolver {
 public:
    Resolver();
    ~Resolver();  // stops
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // Servers without an address, as their init-addr says: an address there is used at once or when the
    // system has no answer; "none" asks later only. The backend must outlive the resolver.
    void add(Backend& backend, HealthLog log);
    bool empty() const;  // nothing to resolve: the calls below do nothing

    // Forks the helper and asks for all names, waiting at most `limit` for the answers. Main thread, before
    // threads, chroot and change of user, after the process has gone into the background.
    common::Result<> resolve_first(common::Duration limit = std::chrono::seconds(3));
    // A thread goes on asking for what is missing, after 1 s, 2 s, ... 30 s.
    void start();
    void stop();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
