// What scenarios cannot say: floods, and what must hold after any sequence of events.
#include "vrrpd/fsm/machine.h"

#include <catch2/catch.hpp>
#include <random>

using namespace vrrpd::fsm;
using namespace std::chrono_literals;
using vrrpd::packet::IpAddress;

namespace {

IpAddress ip(std::string_view text) {
    return IpAddress::parse(text).value();
}

Params tutorial() {
    Params params;
    params.name = "VI_1";
    params.interface = "eth0";
    params.vrid = 51;
    params.priority = 101;
    params.addresses = {{ip("192.168.36.100"), "eth0"}};
    return params;
}

template <class Kind>
std::ptrdiff_t count(const Actions& actions) {
    return std::ranges::count_if(actions, [](const Action& a) { return std::holds_alternative<Kind>(a); });
}

// The interface and the clock around one machine.
struct World {
    Params params = tutorial();
    State state;
    TimePoint now{1000s};
    bool addresses_set = false;
    bool kept = false;
    Actions last;

    void deliver(const Event& event) {
        Step done = step(params, std::move(state), event, now);
        state = std::move(done.next);
        last = std::move(done.actions);
        for (const Action& action : last) {
            if (std::holds_alternative<AddAddresses>(action)) addresses_set = true;
            if (std::holds_alternative<RemoveAddresses>(action)) addresses_set = false;
        }
    }
    void start() {
        Start event;
        event.source = ip("192.168.36.129");
        deliver(event);
    }
    void advance(Duration time) {
        const TimePoint end = now + time;
        while (next_deadline(state) <= end) {
            now = std::max(now, next_deadline(state));
            deliver(Timer{});
            REQUIRE(next_deadline(state) > now);
        }
        now = end;
    }
};

Event random_event(std::mt19937& random) {
    const auto below = [&](unsigned n) { return random() % n; };
    const auto peer = ip("192.168.36." + std::to_string(128 + below(4)));
    switch (below(16)) {
        case 0:
            return LinkChanged{below(2) == 0};
        case 1:
            return SourceChanged{below(3) ? std::optional(ip("192.168.36.129")) : std::nullopt};
        case 2:
            return AddressLost{ip("192.168.36.100")};
        case 3:
            return Reconfigured{};
        case 4:
        case 5: {
            Tracking tracking;
            tracking.delta = static_cast<int>(below(60)) - 30;
            tracking.healthy = below(2) == 0;
            tracking.fault = below(5) == 0;
            tracking.pending = below(8) == 0;
            tracking.settled = below(4) != 0;
            return TrackingChanged{tracking};
        }
        case 6:
            return Timer{};  // early: must change nothing that is not due
        default:
            return AdvertReceived{peer, static_cast<std::uint8_t>(below(3) ? 95 + below(12) : 0), 1s};
    }
}

}  // namespace

TEST_CASE("a flood of lower adverts costs one answer per interval and leaves the rhythm alone") {
    World world;
    world.start();
    world.advance(5s);
    REQUIRE(world.state.role == Role::master);
    std::ptrdiff_t adverts = 0, announcements = 0, lines = 0;
    std::vector<TimePoint> own;
    for (int i = 0; i < 30'000; ++i) {
        world.deliver(AdvertReceived{ip("192.168.36.154"), 1, 1s});
        adverts += count<SendAdvert>(world.last);
        announcements += count<Announce>(world.last);
        lines += count<Log>(world.last);
        world.now += 50us;
        if (next_deadline(world.state) <= world.now) {
            own.push_back(world.now);
            world.deliver(Timer{});
        }
    }
    CHECK(adverts == 4);  // a burst of three, then one
    CHECK(announcements == 4);
    CHECK(lines == 3);
    CHECK(own.size() == 1);
    CHECK(world.state.role == Role::master);
    // A valid higher advert is still heard.
    world.deliver(AdvertReceived{ip("192.168.36.154"), 200, 1s});
    CHECK(world.state.role == Role::backup);
}

TEST_CASE("peers are remembered in bounded number") {
    World world;
    world.start();
    for (int i = 1; i < 255; ++i) {
        world.deliver(AdvertReceived{ip("10.0.0." + std::to_string(i)), 120, 1s});
        world.now += 1ms;
    }
    CHECK(world.state.peers.size() == kMaxPeers);
    CHECK(world.state.role == Role::backup);
}

TEST_CASE(
    "whatever happens: addresses are set exactly while the role holds them, and something is always due") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        World world;
        world.params.nopreempt = seed % 5 == 0;
        world.params.preempt_delay = seed % 7 == 0 ? Duration(3s) : Duration(0s);
        world.params.version = seed % 3 == 0 ? 3 : 2;
        world.addresses_set = true;  // left by an earlier life
        world.start();
        for (int i = 0; i < 200; ++i) {
            world.deliver(random_event(random));
            REQUIRE(world.addresses_set == holds_addresses(world.state.role));
            REQUIRE(world.state.priority >= 1);
            const Role role = world.state.role;
            if (role == Role::backup || role == Role::master || role == Role::yielding) {
                REQUIRE(next_deadline(world.state) != common::kNever);
            }
            world.advance(std::chrono::milliseconds(random() % 2000));
            REQUIRE(world.addresses_set == holds_addresses(world.state.role));
        }
        world.deliver(Stop{});
        world.advance(2s);
        CHECK(world.state.role == Role::stopped);
        CHECK_FALSE(world.addresses_set);
        CHECK(next_deadline(world.state) == common::kNever);
    }
}

TEST_CASE("two machines on one wire end with one master, the better one") {
    for (unsigned seed = 0; seed < 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        World nodes[2];
        const IpAddress addresses[2] = {ip("192.168.36.129"), ip("192.168.36.154")};
        nodes[1].params.priority = static_cast<std::uint8_t>(99 + random() % 5);
        bool connected = true;
        const auto exchange = [&](int from) {
            for (const Action& action : Actions(nodes[from].last)) {
                const auto* sent = std::get_if<SendAdvert>(&action);
                if (!sent || !connected) continue;
                World& to = nodes[1 - from];
                to.deliver(AdvertReceived{addresses[from], sent->priority, 1s});
                for (const Action& answer : Actions(to.last)) {
                    if (const auto* back = std::get_if<SendAdvert>(&answer)) {
                        nodes[from].deliver(AdvertReceived{addresses[1 - from], back->priority, 1s});
                    }
                }
            }
        };
        for (int i = 0; i < 2; ++i) {
            Start event;
            event.source = addresses[i];
            nodes[i].deliver(event);
        }
        // 40 s on one clock; cut off from each other in the middle.
        for (int tick = 0; tick < 40'000; ++tick) {
            connected = tick < 10'000 || tick >= 20'000;
            for (int i = 0; i < 2; ++i) {
                nodes[i].now += 1ms;
                if (next_deadline(nodes[i].state) > nodes[i].now) continue;
                nodes[i].deliver(Timer{});
                exchange(i);
            }
            // 3.7 s for the first election, one advert for the healing.
            if ((tick > 4'000 && tick < 10'000) || tick > 21'100) {
                REQUIRE(holds_addresses(nodes[0].state.role) != holds_addresses(nodes[1].state.role));
            }
            if (tick == 19'000) {
                REQUIRE(nodes[0].state.role == Role::master);
                REQUIRE(nodes[1].state.role == Role::master);
            }
        }
        const bool second = nodes[1].params.priority >= nodes[0].params.priority;
        CHECK(nodes[second ? 1 : 0].state.role == Role::master);
    }
}
