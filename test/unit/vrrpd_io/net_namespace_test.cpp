#include "vrrpd/io/net_namespace.h"

#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <thread>

using vrrpd::io::enter_net_namespace;

namespace {

ino_t current_namespace() {
    struct stat info{};
    return ::stat("/proc/thread-self/ns/net", &info) == 0 ? info.st_ino : 0;
}

}  // namespace

TEST_CASE("a network namespace that is not there is told by name") {
    const auto done = enter_net_namespace("vrrpd-nowhere");
    REQUIRE_FALSE(done);
    CHECK(done.error().text ==
          "network namespace 'vrrpd-nowhere' does not exist: make it with 'ip netns add vrrpd-nowhere'");
    for (const char* bad : {"", "..", "a/b"}) {
        INFO(bad);
        const auto refused = enter_net_namespace(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().text.find("no name") != std::string::npos);
    }
}

TEST_CASE("a thread enters a network namespace, and only its network changes") {
    if (::geteuid() != 0) return;
    const std::string name = "vrrpd-unit-" + std::to_string(::getpid());
    if (std::system(("ip netns add " + name + " 2>/dev/null").c_str()) != 0) {
        WARN("ip netns add is refused here: not tested");
        return;
    }
    const ino_t home = current_namespace();
    ino_t there = 0;
    std::string trouble;
    bool has_file = false;
    std::thread([&] {
        if (const auto done = enter_net_namespace(name); !done) trouble = done.error().text;
        there = current_namespace();
        has_file = ::access(("/run/netns/" + name).c_str(), F_OK) == 0;
    }).join();
    CHECK(std::system(("ip netns delete " + name).c_str()) == 0);
    CHECK(trouble == std::string());
    CHECK(there != 0);
    CHECK(there != home);
    CHECK(has_file);
    CHECK(current_namespace() == home);
}
