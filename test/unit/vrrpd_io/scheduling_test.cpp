#include "vrrpd/io/scheduling.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace std::chrono_literals;
using vrrpd::io::AutoPriority;

TEST_CASE("the priority rises with each timer that runs late, up to the most that is allowed") {
    std::vector<int> set;
    AutoPriority priority({.most = 3, .late = 500ms}, 0, [&](int value) -> common::Result<> {
        set.push_back(value);
        return {};
    });
    priority.note(499ms);
    CHECK(set.empty());
    for (int i = 0; i < 5; ++i) priority.note(500ms);
    CHECK(set == std::vector{1, 2, 3});
    CHECK(priority.priority() == 3);
}

TEST_CASE("a refused priority is asked for once") {
    int asked = 0;
    AutoPriority priority({.most = 9, .late = 1s}, 4, [&](int) -> common::Result<> {
        ++asked;
        return common::fail("not allowed");
    });
    priority.note(2s);
    priority.note(2s);
    CHECK(asked == 1);
    CHECK(priority.priority() == 4);
}
