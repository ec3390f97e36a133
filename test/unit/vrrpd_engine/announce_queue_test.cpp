// The pace of announcements, on lo of this machine: what is sent there is dropped by send(), and counted by
// waiting().
#include "vrrpd/engine/announce_queue.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace vrrpd;
using namespace std::chrono_literals;

namespace {

struct Node {
    boost::asio::io_context io;
    std::unique_ptr<io::Network> network = io::Network::open().value();
    io::Announcer announcer;
    engine::AnnounceQueue queue{io, *network, announcer};
    int owner = 0, other = 0;
    packet::IpAddress vip = packet::IpAddress::parse("192.0.2.1").value();
    packet::IpAddress vip6 = packet::IpAddress::parse("2001:db8::1").value();

    void pace(common::Duration garp, common::Duration gna = {}, std::vector<config::GarpGroup> groups = {}) {
        config::Config config;
        config.globals.garp_interval = garp;
        config.globals.gna_interval = gna;
        config.garp_groups = std::move(groups);
        queue.configure(config);
    }
};

}  // namespace

TEST_CASE("without a pace nothing waits") {
    Node node;
    for (int i = 0; i < 10; ++i) REQUIRE(node.queue.announce(&node.owner, node.vip, "lo"));
    CHECK(node.queue.waiting() == 0);
}

TEST_CASE("with a pace the first leaves at once and the others follow one by one") {
    Node node;
    node.pace(20ms);
    const auto begin = common::Clock::now();
    for (int i = 0; i < 4; ++i) (void)node.queue.announce(&node.owner, node.vip, "lo");
    (void)node.queue.announce(&node.owner, node.vip6, "lo");  // another pace: none
    CHECK(node.queue.waiting() == 3);
    node.io.run();
    CHECK(node.queue.waiting() == 0);
    CHECK(common::Clock::now() - begin >= 60ms);
}

TEST_CASE("interfaces have a pace each, those of a group one together") {
    Node node;
    node.pace(10s);
    (void)node.queue.announce(&node.owner, node.vip, "lo");
    (void)node.queue.announce(&node.owner, node.vip, "a");
    CHECK(node.queue.waiting() == 0);
    node.pace(10s, {}, {{5s, std::nullopt, {"b", "c"}, {}}});
    (void)node.queue.announce(&node.owner, node.vip, "b");
    (void)node.queue.announce(&node.owner, node.vip, "c");
    CHECK(node.queue.waiting() == 1);
}

TEST_CASE("who has lost its addresses announces nothing more; repetitions do not pile up") {
    Node node;
    node.pace(10s);
    for (int i = 0; i < 100; ++i) (void)node.queue.announce(&node.owner, node.vip, "lo");
    (void)node.queue.announce(&node.other, node.vip, "lo");
    CHECK(node.queue.waiting() == 6);
    node.queue.forget(&node.owner);
    CHECK(node.queue.waiting() == 1);
}
