#include "proxyd/admin/stats_form.h"

#include "test/unit/admin/admin_fixture.h"

using namespace proxyd;
using admin_test::Process;

namespace {

std::string_view submit(Process& process, std::string_view body) {
    return admin::apply_stats_form(process.view, admin::parse_stats_form(body));
}

}  // namespace

TEST_CASE("what a browser sends") {
    const admin::StatsForm form = admin::parse_stats_form("s=a%20b&s=c+d%2&action=drain&b=be&other=1");
    CHECK(form.valid);
    CHECK(form.servers == std::vector<std::string>{"a b", "c d%2"});
    CHECK(form.action == "drain");
    CHECK(form.backend == "be");
    CHECK(!admin::parse_stats_form("").valid);
    CHECK(!admin::parse_stats_form("s=a&x").valid);
}

TEST_CASE("the form of the page changes servers and says how it went") {
    Process process;
    struct Row {
        std::string_view body, result;
        state::Admin s1;
    };
    for (const Row& row : {
             Row{"s=s1&action=drain&b=be", "DONE", state::Admin::drain},
             Row{"s=s1&s=s9&action=maint&b=be", "PART", state::Admin::maintenance},
             Row{"s=s1&action=ready&b=be", "DONE", state::Admin::ready},
             Row{"s=s1&action=stop&b=nowhere", "ERRP", state::Admin::ready},
             Row{"s=s1&action=dance&b=be", "ERRP", state::Admin::ready},
             Row{"action=drain&b=be", "NONE", state::Admin::ready},
             Row{"s=s1&action=&b=be", "NONE", state::Admin::ready},
             Row{"garbage", "ERRP", state::Admin::ready},
         }) {
        INFO(row.body);
        CHECK(submit(process, row.body) == row.result);
        CHECK(process.server("s1").admin == row.s1);
    }
    CHECK(submit(process, "s=s1&action=hdown&b=be") == "DONE");
    CHECK(process.server("s1").health == state::Health::down);
    CHECK(submit(process, "s=s1&action=hrunn&b=be") == "DONE");
    CHECK(process.server("s1").health == state::Health::up);
    CHECK(submit(process, "s=s1&action=adown&b=be") == "DONE");
    CHECK(!process.server("s1").usable());
    CHECK(submit(process, "s=s1&action=shutdown&b=be") == "DONE");
    CHECK(process.server("s1").evictions == 1);
}
