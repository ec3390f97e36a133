#include "proxyd/admin/metrics.h"

#include <set>

#include "common/text.h"
#include "proxyd/admin/show_info.h"
#include "test/unit/admin/admin_fixture.h"

using namespace proxyd;
using admin_test::Process;

namespace {
bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("metrics carry the names and labels of HAProxy's exporter") {
    Process process;
    process.server("s2").health = state::Health::down;
    state::CheckReport report;
    report.status = "L4CON";
    report.duration_ms = 12;
    process.server("s2").set_check(report);
    process.server("s1").counters.shard(0).responses[2].add(3);
    const std::string text = admin::render_metrics(process.view, {});
    for (const char* line :
         {"haproxy_process_nbthread 2\n", "haproxy_process_build_info{version=\"9.9\"} 1\n",
          "haproxy_frontend_limit_sessions{proxy=\"fe\"} 500\n",
          "haproxy_frontend_status{proxy=\"fe\",state=\"UP\"} 1\n",
          "haproxy_backend_active_servers{proxy=\"be\"} 2\n",
          "haproxy_server_status{proxy=\"be\",server=\"s2\",state=\"DOWN\"} 1\n",
          "haproxy_server_status{proxy=\"be\",server=\"s4\",state=\"MAINT\"} 1\n",
          "haproxy_server_check_status{proxy=\"be\",server=\"s2\",state=\"L4CON\"} 1\n",
          "haproxy_server_check_duration_seconds{proxy=\"be\",server=\"s2\"} 0.012\n",
          "haproxy_server_http_responses_total{proxy=\"be\",server=\"s1\",code=\"2xx\"} 3\n",
          "# TYPE haproxy_server_http_responses_total counter\n"}) {
        INFO(line);
        CHECK(has(text, line));
    }
}

TEST_CASE("each family stands together, once, under one head") {
    Process process;
    std::set<std::string> families;
    std::string current;
    const std::string metrics = admin::render_metrics(process.view, {});
    for (const std::string_view line : common::split(metrics, '\n')) {
        if (line.empty() || line.starts_with("# HELP")) continue;
        if (line.starts_with("# TYPE ")) {
            current = common::split(line, ' ')[2];
            INFO(current);
            CHECK(families.insert(current).second);
            continue;
        }
        INFO(line);
        CHECK(line.substr(0, line.find_first_of("{ ")) == current);
    }
}

TEST_CASE("the query chooses what is rendered") {
    Process process;
    const auto render = [&](std::string_view query) {
        return admin::render_metrics(process.view, admin::metric_scopes(query));
    };
    CHECK_FALSE(has(render("scope=server"), "haproxy_process"));
    CHECK(has(render("scope=server&scope=global"), "haproxy_process"));
    CHECK(has(render("scope=*"), "haproxy_frontend"));
    CHECK_FALSE(has(render("no-maint"), "server=\"s4\""));
    CHECK(has(render(""), "server=\"s4\""));
}

TEST_CASE("label values are escaped") {
    CHECK(admin::label_text("a\"b\\c\nd") == "a\\\"b\\\\c\\nd");
}
