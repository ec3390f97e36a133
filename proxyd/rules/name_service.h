// How rules ask for the address of a name (do-resolve). upstream/ answers, the session lends the service.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "common/endpoint.h"
#include "proxyd/net/waiter.h"

namespace proxyd::rules {

struct NameQuestion {
    std::string_view resolvers;  // name of the section
    std::string_view name;
    int family = AF_INET6;  // asked for first; the other one when there is none of this
};

class NameService {
 public:
    virtual ~NameService() = default;

    // The first address, when an earlier answer still counts (`hold valid`): then `answer` is not called.
    // Otherwise it is, once, on any thread; with an empty endpoint when the name has no address or nobody
    // tells it. Any thread.
    virtual std::optional<common::Endpoint> ask(const NameQuestion& question,
                                                std::function<void(const common::Endpoint&)> answer) = 0;
};

// A question that a rule waits for. Owned by the exchange alone: who answers late finds it gone. Thread of
// the waiter's worker.
struct NameLookup {
    net::Waiter* waiter = nullptr;
    bool done = false;
    common::Endpoint address;  // empty: none
};

}  // namespace proxyd::rules
