// Routes and rules as netlink requests (rtnetlink(7)): the same message sets one and, as a deletion, removes
// it. By libnl's message functions, because its route objects know neither expiry nor preference, and its
// rules no user or prefix suppression.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/error.h"
#include "vrrpd/config/route.h"

struct nl_msg;

namespace vrrpd::io {

struct MessageDeleter {
    void operator()(nl_msg* message) const;
};
using Message = std::unique_ptr<nl_msg, MessageDeleter>;

// Index of an interface; 0: there is none of that name.
using IndexOf = std::function<int(const std::string&)>;

enum class Request : unsigned char { set, remove };

// Fails when an interface does not exist.
common::Result<Message> route_message(const config::RouteEntry& route, Request request,
                                      const IndexOf& index_of);
common::Result<Message> rule_message(const config::RuleEntry& rule, Request request);

}  // namespace vrrpd::io
