#include "proxyd/upstream/dns_question.h"

#include <algorithm>

namespace proxyd::upstream {

namespace {

common::Duration hold_of(const ResolversSettings::Hold& hold, DnsStatus status) {
    switch (status) {
        case DnsStatus::valid:
            return hold.valid;
        case DnsStatus::nx:
            return hold.nx;
        case DnsStatus::refused:
            return hold.refused;
        case DnsStatus::timeout:
            return hold.timeout;
        case DnsStatus::empty:
        case DnsStatus::other:
            break;
    }
    return hold.other;
}

bool same_record(const common::Endpoint& a, const common::Endpoint& b) {
    return a == b;
}
bool same_record(const DnsService& a, const DnsService& b) {
    return a.target == b.target && a.port == b.port;
}

template <class Seen, class Record>
void merge(std::vector<Seen>& seen, const std::vector<Record>& records, common::TimePoint now,
           common::Duration obsolete) {
    for (const Record& record : records) {
        const auto known =
            std::ranges::find_if(seen, [&](const Seen& entry) { return same_record(entry.record, record); });
        if (known != seen.end())
            *known = {record, now};
        else
            seen.push_back({record, now});
    }
    std::erase_if(seen, [&](const Seen& entry) { return entry.last != now && now - entry.last >= obsolete; });
}

template <class Record, class Seen>
std::vector<Record> records_of(const std::vector<Seen>& seen) {
    std::vector<Record> out;
    for (const Seen& entry : seen) out.push_back(entry.record);
    return out;
}

}  // namespace

DnsQuestion::Action DnsQuestion::begin_type(DnsType type, common::TimePoint now) {
    running_ = true;
    asking_ = type;
    left_ = settings_.retries;
    complaints_ = 0;
    next_ = now + settings_.timeout_retry;
    return Action::send;
}

DnsQuestion::Action DnsQuestion::finish(DnsStatus status, common::TimePoint now) {
    running_ = false;
    status_ = status;
    next_ = now + settings_.timeout_resolve;
    return Action::over;
}

DnsQuestion::Action DnsQuestion::tick(common::TimePoint now) {
    if (now < next_) return Action::none;
    if (!running_) {
        tried_other_ = false;
        return begin_type(first_, now);
    }
    if (--left_ <= 0) return finish(DnsStatus::timeout, now);
    complaints_ = 0;
    next_ = now + settings_.timeout_retry;
    return Action::send;
}

DnsQuestion::Action DnsQuestion::received(const DnsAnswer& answer, common::TimePoint now) {
    if (!running_) return Action::none;
    if (answer.status == DnsStatus::valid) return finish(DnsStatus::valid, now);
    // Another name server may know better.
    if (++complaints_ < settings_.nameservers.size()) return Action::none;
    if (first_ != DnsType::srv && !tried_other_) {
        tried_other_ = true;
        return begin_type(first_ == DnsType::a ? DnsType::aaaa : DnsType::a, now);
    }
    return finish(answer.status, now);
}

void HeldAnswer::take(const DnsAnswer& answer, common::TimePoint now) {
    last_valid_ = now;
    merge(addresses_, answer.addresses, now, hold_.obsolete);
    merge(services_, answer.services, now, hold_.obsolete);
}

bool HeldAnswer::lapsed(DnsStatus status, common::TimePoint now) const {
    return now - last_valid_ >= hold_of(hold_, status);
}

std::vector<common::Endpoint> HeldAnswer::addresses() const {
    return records_of<common::Endpoint>(addresses_);
}
std::vector<DnsService> HeldAnswer::services() const {
    return records_of<DnsService>(services_);
}

}  // namespace proxyd::upstream
