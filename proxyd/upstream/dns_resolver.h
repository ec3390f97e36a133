// Asks the name servers of `resolvers` sections for the addresses of servers, for as long as the process
// lives, on a thread of its own (configuration manual 5.3). UDP; an answer that does not fit is an error, as
// for HAProxy.
#pragma once

#include <memory>
#include <string>

#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/prober.h"

namespace proxyd::upstream {

class DnsResolver {
 public:
    DnsResolver();
    ~DnsResolver();  // stops
    DnsResolver(const DnsResolver&) = delete;
    DnsResolver& operator=(const DnsResolver&) = delete;

    // Servers that name a section. Before start(); the backend must outlive the resolver.
    void add(Backend& backend, const HealthLog& log);
    bool empty() const;  // nothing to do: start() does nothing
    void start();        // main thread
    void stop();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
