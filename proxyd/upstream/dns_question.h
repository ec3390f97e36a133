// One name that is asked for again and again: when to send, what an answer or a silence means, how long the
// last good answer counts. Pure; sockets and threads are dns_resolver.h's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxyd/upstream/dns_message.h"
#include "proxyd/upstream/resolvers_settings.h"

namespace proxyd::upstream {

class DnsQuestion {
 public:
    // `first`: the type to begin with; of A and AAAA the other one is asked for when there is none.
    DnsQuestion(const ResolversSettings& settings, std::string name, DnsType first, common::TimePoint start)
        : settings_(settings), name_(std::move(name)), first_(first), asking_(first), next_(start) {}

    enum class Action : unsigned char {
        none,
        send,  // a query of type() to all name servers
        over   // status() says how
    };
    Action tick(common::TimePoint now);                               // once wake() has come
    Action received(const DnsAnswer& answer, common::TimePoint now);  // of one name server
    common::TimePoint wake() const { return next_; }

    bool running() const { return running_; }
    const std::string& name() const { return name_; }
    DnsType first() const { return first_; }
    DnsType type() const { return asking_; }
    DnsStatus status() const { return status_; }

 private:
    Action begin_type(DnsType type, common::TimePoint now);
    Action finish(DnsStatus status, common::TimePoint now);

    const ResolversSettings& settings_;
    const std::string name_;
    const DnsType first_;
    DnsType asking_;
    common::TimePoint next_;  // the query is sent again, or the next resolution begins
    bool running_ = false;
    bool tried_other_ = false;
    int left_ = 0;                // queries that may still be sent
    std::size_t complaints_ = 0;  // name servers that have answered with an error
    DnsStatus status_ = DnsStatus::other;
};

// The last good answer, for as long as `hold` says.
class HeldAnswer {
 public:
    HeldAnswer(const ResolversSettings::Hold& hold, common::TimePoint start)
        : hold_(hold), last_valid_(start) {}

    // Takes a good answer in: what it has, and what was there less than `hold obsolete` ago.
    void take(const DnsAnswer& answer, common::TimePoint now);
    // After a resolution that went wrong: nothing counts any more.
    bool lapsed(DnsStatus status, common::TimePoint now) const;

    std::vector<common::Endpoint> addresses() const;
    std::vector<DnsService> services() const;

 private:
    template <class Record>
    struct Seen {
        Record record;
        common::TimePoint last;
    };
    const ResolversSettings::Hold& hold_;
    common::TimePoint last_valid_;
    std::vector<Seen<common::Endpoint>> addresses_;
    std::vector<Seen<DnsService>> services_;
};

}  // namespace proxyd::upstream
