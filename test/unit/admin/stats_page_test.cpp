#include "proxyd/admin/stats_page.h"

#include "common/control/protocol.h"
#include "proxyd/admin/html_text.h"
#include "test/unit/admin/admin_fixture.h"

using namespace proxyd;
using admin_test::Process;

namespace {

session::ServiceReply ask(Process& process, std::string_view target) {
    const auto service = admin::make_stats_service(process.view);
    const session::ProxySettings& section = *process.model->find("fe", true, false);
    http::Message request;
    request.method = http::Method::get;
    request.target = target;
    return service(section.stats, section, {.request = request, .admin = false, .form = {}});
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the page shows each section, its servers and their states") {
    Process process;
    process.server("s2").health = state::Health::down;
    const auto reply = ask(process, "/stats");
    CHECK(reply.status == 200);
    CHECK(reply.content_type == "text/html; charset=utf-8");
    for (const char* part :
         {"<h2 id=\"be\">", "<th scope=\"row\">s1</th>", "<span class=\"down\">DOWN</span>",
          "<span class=\"maint\">MAINT</span>", "<span class=\"plain\">no check</span>",
          "<th scope=\"row\">web</th>", "<th scope=\"row\">sock-2</th>", "proxyd <", "href=\"/stats;csv\""}) {
        INFO(part);
        CHECK((has(reply.body, part) ||
               has(reply.body, std::string(part).substr(0, std::string(part).size() - 2))));
    }
    CHECK_FALSE(has(reply.body, "src="));
    CHECK_FALSE(has(reply.body, "<script"));
}

TEST_CASE("what follows the URI chooses CSV or what is hidden") {
    Process process;
    process.server("s2").health = state::Health::down;
    const auto csv = ask(process, "/stats;csv");
    CHECK(csv.content_type == "text/plain");
    CHECK(csv.body.starts_with("# pxname,svname,"));
    CHECK_FALSE(has(ask(process, "/stats;up;norefresh").body, ">s2</th>"));
    CHECK(has(ask(process, "/stats;upper").body, ">s2</th>"));
}

TEST_CASE("text from outside is escaped") {
    Process process(R"(
defaults
    mode http
    timeout client 1s
    timeout server 1s
    timeout connect 1s
frontend fe
    bind 127.0.0.1:18080
    stats enable
    stats uri /stats
    stats refresh 7s
    stats hide-version
    stats show-node <b>
    stats show-desc <script>alert(1)</script>
    default_backend be
backend be
    server s1 127.0.0.1:18081 check
)");
    state::CheckReport report;
    report.status = "L7STS";
    report.info = "\"><img src=x>";
    process.server("s1").set_check(report);
    const auto reply = ask(process, "/stats");
    CHECK_FALSE(has(reply.body, "<script"));
    CHECK_FALSE(has(reply.body, "<img"));
    CHECK(has(reply.body, "Statistics of &lt;b&gt;"));
    CHECK_FALSE(has(reply.body, "9.9"));
    CHECK(has(reply.body, "<meta http-equiv=\"refresh\" content=\"7\">"));
    CHECK_FALSE(has(ask(process, "/stats;norefresh").body, "http-equiv"));
}

TEST_CASE("the keeper's word is a sentence") {
    Process process;
    CHECK(admin::keeper_sentence(process.view).empty());
    common::control::Role role;
    role.node = "web1";
    common::control::InstanceRole instance;
    instance.name = "VI_1";
    instance.interface = "eth0";
    instance.state = common::control::VrrpState::master;
    instance.priority = 101;
    instance.addresses = {"192.0.2.10/24"};
    role.instances.push_back(instance);
    process.view.keeper_role = [&] { return common::control::encode(role); };
    CHECK(admin::keeper_sentence(process.view) == "VRRP on web1: VI_1 " +
                                                      std::string(common::control::name_of(instance.state)) +
                                                      " (eth0, priority 101, 192.0.2.10/24)");
    process.view.keeper_role = [] { return std::string("garbage"); };
    CHECK(admin::keeper_sentence(process.view).empty());
}

TEST_CASE("numbers for people") {
    CHECK(admin::human_bytes(999) == "999 B");
    CHECK(admin::human_bytes(1200) == "1.2 kB");
    CHECK(admin::human_bytes(999'999) == "1.0 MB");
    CHECK(admin::human_bytes(34'000'000) == "34.0 MB");
    CHECK(admin::human_bytes(340'000'000'000) == "340 GB");
    CHECK(admin::human_time(-1) == "?");
    CHECK(admin::human_time(59) == "59s");
    CHECK(admin::human_time(312) == "5m12s");
    CHECK(admin::human_time(7380) == "2h3m");
    CHECK(admin::human_time(86400 * 4 + 3600 * 6) == "4d6h");
    CHECK(admin::grouped(1234567) == "1&#8239;234&#8239;567");
    CHECK(admin::grouped(-123) == "-123");
}
