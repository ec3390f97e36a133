// Asks the name servers of `resolvers` sections, on a thread of its own (configuration manual 5.3): for the
// addresses of servers as long as the process lives, and for names that rules want to know (do-resolve).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxyd/rules/name_service.h"
#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/dns_counters.h"
#include "proxyd/upstream/prober.h"

namespace proxyd::upstream {

// For `show resolvers`: the counters live as long as the resolver.
struct ResolversView {
    struct Nameserver {
        std::string name;
        const DnsCounters* counters;
    };
    std::string name;
    std::vector<Nameserver> nameservers;
};

class DnsResolver final : public rules::NameService {
 public:
    DnsResolver();
    ~DnsResolver() override;  // stops
    DnsResolver(const DnsResolver&) = delete;
    DnsResolver& operator=(const DnsResolver&) = delete;

    // All sections, in the order of the configuration; then servers that name one. Before start(); what is
    // added must outlive the resolver.
    void add(const ResolversSettings& section);
    void add(Backend& backend, const HealthLog& log);
    // Rules will ask.
    void expect_questions();
    void start();  // main thread; does nothing where nobody wants to know anything
    void stop();

    std::optional<common::Endpoint> ask(const rules::NameQuestion& question,
                                        std::function<void(const common::Endpoint&)> answer) override;

    std::vector<ResolversView> view() const;  // any thread

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
