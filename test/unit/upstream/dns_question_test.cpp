#include "proxyd/upstream/dns_question.h"

#include <catch2/catch.hpp>

#include "proxyd/upstream/address_choice.h"

using namespace proxyd::upstream;
using namespace std::chrono_literals;
using Action = DnsQuestion::Action;

namespace {

const common::TimePoint kStart{1h};

ResolversSettings two_servers() {
    ResolversSettings settings;
    settings.nameservers.resize(2);
    settings.retries = 2;
    return settings;
}

DnsAnswer with(DnsStatus status) {
    DnsAnswer answer;
    answer.status = status;
    return answer;
}

common::Endpoint ip(const char* text) {
    return *common::Endpoint::from_ip(text, 0);
}

}  // namespace

TEST_CASE("a good answer ends the resolution until the next one is due") {
    const ResolversSettings settings = two_servers();
    DnsQuestion question(settings, "a.b", DnsType::aaaa, kStart);
    CHECK(question.tick(kStart) == Action::send);
    CHECK(question.type() == DnsType::aaaa);
    CHECK(question.received(with(DnsStatus::valid), kStart + 100ms) == Action::over);
    CHECK(question.status() == DnsStatus::valid);
    CHECK(question.tick(kStart + 1s) == Action::none);
    CHECK(question.received(with(DnsStatus::nx), kStart + 1s) == Action::none);  // the other one is late
    CHECK(question.wake() == kStart + 1100ms);
    CHECK(question.tick(kStart + 1100ms) == Action::send);
}

TEST_CASE("the other family is asked for once all name servers have none of the first") {
    const ResolversSettings settings = two_servers();
    DnsQuestion question(settings, "a.b", DnsType::aaaa, kStart);
    question.tick(kStart);
    CHECK(question.received(with(DnsStatus::empty), kStart) == Action::none);
    CHECK(question.received(with(DnsStatus::empty), kStart) == Action::send);
    CHECK(question.type() == DnsType::a);
    CHECK(question.received(with(DnsStatus::nx), kStart) == Action::none);
    CHECK(question.received(with(DnsStatus::nx), kStart) == Action::over);
    CHECK(question.status() == DnsStatus::nx);
    CHECK(question.tick(kStart + 1s) == Action::send);
    CHECK(question.type() == DnsType::aaaa);
}

TEST_CASE("who does not answer is asked again, and given up in the end") {
    const ResolversSettings settings = two_servers();
    DnsQuestion question(settings, "a.b", DnsType::a, kStart);
    question.tick(kStart);
    CHECK(question.tick(kStart + 999ms) == Action::none);
    CHECK(question.tick(kStart + 1s) == Action::send);
    CHECK(question.tick(kStart + 2s) == Action::over);
    CHECK(question.status() == DnsStatus::timeout);
}

TEST_CASE("answers are held as long as the configuration says") {
    ResolversSettings::Hold hold;
    hold.nx = 5s;
    hold.obsolete = 3s;
    HeldAnswer held(hold, kStart);
    DnsAnswer answer = with(DnsStatus::valid);
    answer.addresses = {ip("127.0.0.1"), ip("127.0.0.2")};
    held.take(answer, kStart + 1s);
    answer.addresses = {ip("127.0.0.2")};
    held.take(answer, kStart + 2s);
    CHECK(held.addresses().size() == 2);
    held.take(answer, kStart + 4s);
    CHECK(held.addresses() == std::vector{ip("127.0.0.2")});
    CHECK(!held.lapsed(DnsStatus::nx, kStart + 8s));
    CHECK(held.lapsed(DnsStatus::nx, kStart + 9s));
    CHECK(!held.lapsed(DnsStatus::timeout, kStart + 9s));
}

TEST_CASE("a server prefers family, then network, then a free address, then its own") {
    AddressPreference preference;
    const std::vector found{ip("10.0.0.1"), ip("10.1.0.1"), ip("::1"), ip("10.1.0.2")};
    const auto nobody = [](const common::Endpoint&) { return false; };
    const auto choose = [&](const common::Endpoint& current, const auto& taken) {
        const auto chosen = choose_address(found, preference, current, taken);
        return chosen ? chosen->ip() : std::string("none");
    };
    CHECK(choose({}, nobody) == "::1");
    preference.family = AF_INET;
    CHECK(choose({}, nobody) == "10.0.0.1");
    CHECK(choose(ip("10.1.0.2"), nobody) == "10.1.0.2");
    preference.networks = {*proxyd::rules::parse_network("10.1.0.0/16")};
    CHECK(choose({}, nobody) == "10.1.0.1");
    CHECK(choose({}, [&](const common::Endpoint& a) { return a.ip() == "10.1.0.1"; }) == "10.1.0.2");
    const auto all = [](const common::Endpoint&) { return true; };
    CHECK(choose({}, all) == "none");
    preference.allow_duplicates = true;
    CHECK(choose({}, all) == "10.1.0.1");
}
