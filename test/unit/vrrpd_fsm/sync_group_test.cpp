// Instances of a sync group, each with its machine, between them synchronise().
#include "vrrpd/fsm/sync_group.h"

#include <catch2/catch.hpp>
#include <deque>

using namespace vrrpd::fsm;
using namespace std::chrono_literals;
using vrrpd::packet::IpAddress;

namespace {

IpAddress ip(std::string_view text) {
    return IpAddress::parse(text).value();
}

struct Machine {
    Params params;
    State state;
    Actions actions;  // of the last event from outside
};

struct Group {
    std::deque<Machine> machines;
    TimePoint now{1000s};

    explicit Group(std::initializer_list<std::uint8_t> priorities) {
        for (const std::uint8_t priority : priorities) {
            Machine& machine = machines.emplace_back();
            machine.params.name = "VI_" + std::to_string(machines.size());
            machine.params.interface = "eth" + std::to_string(machines.size() - 1);
            machine.params.group = "G";
            machine.params.priority = priority;
            machine.params.addresses = {{ip("192.168.36.100"), machine.params.interface}};
        }
    }

    std::vector<Member> members() const {
        std::vector<Member> out;
        for (const Machine& machine : machines) out.push_back({&machine.params, &machine.state});
        return out;
    }

    void step(std::size_t index, const Event& event) {
        Machine& machine = machines[index];
        Step done = vrrpd::fsm::step(machine.params, std::move(machine.state), event, now);
        machine.state = std::move(done.next);
        machine.actions.insert(machine.actions.end(), done.actions.begin(), done.actions.end());
    }

    void deliver(std::size_t index, const Event& event) {
        for (Machine& machine : machines) machine.actions.clear();
        step(index, event);
        int rounds = 0;
        for (auto orders = synchronise(members()); !orders.empty(); orders = synchronise(members())) {
            REQUIRE(++rounds <= 4);
            for (const Order& order : orders) step(order.member, order.event);
        }
    }

    void start(std::size_t index) {
        Start event;
        event.source = ip("192.168.36.129");
        deliver(index, event);
    }
    void start() {
        for (std::size_t i = 0; i < machines.size(); ++i) start(i);
    }

    // An advert each second to those of whom `priorities` is not 0; timers in between.
    void pass(Duration time, std::vector<std::uint8_t> priorities = {}) {
        const TimePoint end = now + time;
        for (TimePoint next_advert = now;;) {
            TimePoint next = priorities.empty() ? end : std::min(end, next_advert);
            for (const Machine& machine : machines) next = std::min(next, next_deadline(machine.state));
            now = std::max(now, next);
            for (std::size_t i = 0; i < machines.size(); ++i) {
                if (next_deadline(machines[i].state) <= now) deliver(i, Timer{});
            }
            if (!priorities.empty() && now >= next_advert) {
                for (std::size_t i = 0; i < priorities.size(); ++i) {
                    if (priorities[i] != 0) hear(i, priorities[i]);
                }
                next_advert += 1s;
            }
            if (now >= end) return;
        }
    }

    void hear(std::size_t index, std::uint8_t priority) {
        deliver(index, AdvertReceived{ip("192.168.36.154"), priority, 1s});
    }
    void lead() {
        start();
        pass(4s);
        REQUIRE(roles() == "MASTER MASTER");
    }

    std::string roles() const {
        std::string out;
        for (const Machine& machine : machines)
            out += (out.empty() ? "" : " ") + std::string(name_of(machine.state.role));
        return out;
    }
    bool did(std::size_t index, const Action& action) const {
        return std::ranges::find(machines[index].actions, action) != machines[index].actions.end();
    }
};

}  // namespace

TEST_CASE("all become master in the turn in which the last one wants to") {
    Group group{101, 90};
    group.start();
    group.pass(3606ms);  // the first one's wait is over, the second one's takes 42 ms more
    CHECK(group.roles() == "BACKUP BACKUP");
    CHECK(group.machines[0].state.wants_master);
    group.pass(50ms);
    CHECK(group.roles() == "MASTER MASTER");
    CHECK(role_of_group(group.members()) == Role::master);
}

TEST_CASE("none becomes master while one hears a better router") {
    Group group{101, 101};
    group.start();
    group.pass(20s, {0, 102});
    CHECK(group.roles() == "BACKUP BACKUP");
    group.pass(4s);  // it falls silent
    CHECK(group.roles() == "MASTER MASTER");
}

TEST_CASE("a lower master of one is no reason to stay") {
    Group group{101, 101};
    group.start();
    group.pass(4s, {100, 0});
    CHECK(group.roles() == "MASTER MASTER");
}

TEST_CASE("a master that gives way takes the others with it, and their peers need not wait") {
    Group group{101, 101};
    group.lead();
    group.hear(0, 102);
    CHECK(group.roles() == "BACKUP BACKUP");
    CHECK(group.did(1, RemoveAddresses{}));
    CHECK(group.did(1, SendAdvert{1}));
    CHECK(group.did(1, SendAdvert{0}));
    CHECK(group.machines[1].state.reason == "VI_1 of group G is not master any more");
    CHECK(role_of_group(group.members()) == Role::backup);
}

TEST_CASE("interface down of one member moves all, and back") {
    Group group{101, 101};
    group.lead();
    group.deliver(1, LinkChanged{false});
    CHECK(group.roles() == "FAULT FAULT");
    CHECK(group.did(0, SendAdvert{0}));
    CHECK(group.did(0, RemoveAddresses{}));
    CHECK(group.machines[0].state.reason == "VI_2 of group G: interface eth1 is down");
    group.pass(10s);
    CHECK(group.roles() == "FAULT FAULT");
    group.deliver(1, LinkChanged{true});
    CHECK(group.roles() == "BACKUP BACKUP");
    group.pass(4s);
    CHECK(group.roles() == "MASTER MASTER");
}

TEST_CASE("two at fault: both must be well again") {
    Group group{101, 101, 101};
    group.start();
    group.deliver(0, LinkChanged{false});
    group.deliver(1, LinkChanged{false});
    group.deliver(0, LinkChanged{true});
    CHECK(group.roles() == "FAULT FAULT FAULT");
    group.deliver(1, LinkChanged{true});
    CHECK(group.roles() == "BACKUP BACKUP BACKUP");
}

TEST_CASE("a member that a reload brings becomes master with the others, without moving them") {
    Group group{101, 101};
    group.lead();
    Machine& third = group.machines.emplace_back(group.machines[0]);
    third.params.name = "VI_3";
    third.state = {};
    group.start(2);
    CHECK(group.roles() == "MASTER MASTER BACKUP");
    SECTION("nobody else is master there") {
        group.pass(4s);
        CHECK(group.roles() == "MASTER MASTER MASTER");
    }
    SECTION("a better one is: the whole group belongs to it") {
        group.hear(2, 102);
        CHECK(group.roles() == "BACKUP BACKUP BACKUP");
    }
}

TEST_CASE("only when all own their addresses a group begins as master") {
    Group group{255, 255};
    for (Machine& machine : group.machines) machine.params.start_master = true;
    SECTION("all") {
        group.start();
        group.pass(1ms);
        CHECK(group.roles() == "MASTER MASTER");
    }
    SECTION("one") {
        group.machines[1].params.priority = 100;
        group.start();
        group.pass(1s);
        CHECK(group.roles() == "BACKUP BACKUP");
        group.pass(3s);
        CHECK(group.roles() == "MASTER MASTER");
    }
}

TEST_CASE("members that stop hold nobody back") {
    Group group{101, 101};
    group.lead();
    group.deliver(0, Stop{});
    CHECK(group.machines[1].state.role == Role::master);
    group.deliver(1, Stop{});
    group.pass(2s);
    CHECK(role_of_group(group.members()) == Role::stopped);
}
