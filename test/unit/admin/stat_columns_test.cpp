#include "proxyd/admin/stat_columns.h"

#include <map>

#include "common/text.h"
#include "test/unit/admin/admin_fixture.h"

using namespace proxyd;
using admin_test::Process;

namespace {

// Header of Debian's HAProxy 2.6.12 up to the end of the fixed columns.
constexpr std::string_view kHeader =
    "# "
    "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,"
    "weight,act,bck,"
    "chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,"
    "check_status,"
    "check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_"
    "rate_max,"
    "req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,"
    "rtime,ttime,"
    "agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_"
    "rise,agent_fall,"
    "agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,"
    "reuse,"
    "cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,"
    "safe_conn_cur,"
    "used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,\n";

using Row = std::map<std::string, std::string, std::less<>>;

// Lines by "pxname/svname".
std::map<std::string, Row> table(const std::string& csv) {
    const auto lines = common::split(csv, '\n');
    const auto names = common::split(lines.front().substr(2), ',');
    std::map<std::string, Row> rows;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (lines[i].empty()) continue;
        const auto values = common::split(lines[i], ',');
        REQUIRE(values.size() == names.size());
        Row row;
        for (std::size_t c = 0; c < names.size(); ++c) row[std::string(names[c])] = std::string(values[c]);
        rows[row["pxname"] + "/" + row["svname"]] = row;
    }
    return rows;
}

}  // namespace

TEST_CASE("the CSV begins with HAProxy's columns in HAProxy's order") {
    CHECK(admin::csv_header() == kHeader);
}

TEST_CASE("one line per frontend, server and backend, in the order of the file") {
    Process process;
    const std::string csv = admin::render_csv(process.view, {});
    std::string order;
    for (const std::string_view line : common::split(csv, '\n')) {
        const auto cells = common::split(line, ',');
        if (cells.size() > 2) order += std::string(cells[1]) + " ";
    }
    CHECK(order == "svname FRONTEND s1 s2 s3 s4 BACKEND FRONTEND t1 BACKEND BACKEND ");
}

TEST_CASE("values stand where HAProxy puts them, and nothing where it puts nothing") {
    Process process;
    const auto be = process.model->find("be", false, true)->index;
    auto& counters = process.state->proxies[static_cast<std::size_t>(be)]->backend.counters;
    counters.shard(0).sessions.add(3);
    counters.shard(1).sessions.add(4);
    counters.shard(1).responses[2].add(7);
    counters.shard(0).timed.add(2);
    counters.shard(0).total_us.add(9000);
    process.server("s1").sessions.enter();
    state::CheckReport report;
    report.status = "L7OK";
    report.description = "Layer7 check passed";
    report.info = "a \"quoted\", text";
    report.code = 200;
    report.duration_ms = 2;
    report.progress = 3;
    process.server("s1").set_check(report);
    process.server("s1").health = state::Health::up;
    process.server("s2").health = state::Health::down;

    const auto whole = admin::render_csv(process.view, {});
    CHECK(whole.find(",\"a \"\"quoted\"\", text\",") != std::string::npos);
    report.info = "";
    process.server("s1").set_check(report);
    auto rows = table(admin::render_csv(process.view, {}));

    Row& frontend = rows["fe/FRONTEND"];
    CHECK(frontend["status"] == "OPEN");
    CHECK(frontend["slim"] == "500");
    CHECK(frontend["type"] == "0");
    CHECK(frontend["weight"] == "");
    CHECK(frontend["qcur"] == "");
    CHECK(frontend["mode"] == "http");

    Row& s1 = rows["be/s1"];
    CHECK(s1["status"] == "UP");
    CHECK(s1["scur"] == "1");
    CHECK(s1["slim"] == "20");
    CHECK(s1["qlimit"] == "5");
    CHECK(s1["weight"] == "10");
    CHECK(s1["act"] == "1");
    CHECK(s1["check_status"] == "L7OK");
    CHECK(s1["check_code"] == "200");
    CHECK(s1["check_health"] == "4");
    CHECK(s1["addr"] == "127.0.0.1:18081");
    CHECK(s1["cookie"] == "c1");
    CHECK(s1["type"] == "2");
    CHECK(s1["sid"] == "1");

    CHECK(rows["be/s2"]["status"] == "DOWN");
    CHECK(rows["be/s2"]["bck"] == "1");
    CHECK(rows["be/s3"]["status"] == "no check");
    CHECK(rows["be/s3"]["check_status"] == "");
    CHECK(rows["be/s3"]["slim"] == "");
    CHECK(rows["be/s4"]["status"] == "MAINT");

    Row& backend = rows["be/BACKEND"];
    CHECK(backend["stot"] == "7");
    CHECK(backend["hrsp_2xx"] == "7");
    CHECK(backend["ttime"] == "4");
    CHECK(backend["act"] == "2");
    CHECK(backend["bck"] == "0");
    CHECK(backend["weight"] == "11");
    CHECK(backend["algo"] == "leastconn");
    CHECK(backend["lastsess"] == "-1");
    CHECK(backend["status"] == "UP");

    CHECK(backend["slim"] == "50");

    CHECK(rows["tcp/FRONTEND"]["hrsp_2xx"] == "");
    CHECK(rows["tcp/BACKEND"]["req_tot"] == "");
    CHECK(rows["tcp/BACKEND"]["slim"] == "100");
    CHECK(rows["nosrv/BACKEND"]["slim"] == "1");
    CHECK(rows["nosrv/BACKEND"]["status"] == "UP");
    CHECK(rows["nosrv/BACKEND"]["downtime"] == "");
}

TEST_CASE("states of servers on their way") {
    Process process;
    auto& server = process.server("s1");
    const auto status = [&] {
        admin::StatFilter filter;
        filter.proxy_name = "be";
        filter.types = 4;
        filter.id = 1;
        return table(admin::render_csv(process.view, filter))["be/s1"]["status"];
    };
    struct Way {
        state::Health health;
        int progress;
        state::Admin admin;
        int weight;
        const char* text;
    };
    using H = state::Health;
    using A = state::Admin;
    for (const Way& way :
         {Way{H::up, 3, A::ready, 10, "UP"}, Way{H::up, 1, A::ready, 10, "UP 1/3"},
          Way{H::down, 1, A::ready, 10, "DOWN 1/2"}, Way{H::down, 0, A::ready, 10, "DOWN"},
          Way{H::up, 3, A::drain, 10, "DRAIN"}, Way{H::up, 3, A::ready, 0, "DRAIN"},
          Way{H::down, 0, A::drain, 10, "DOWN"}, Way{H::up, 3, A::maintenance, 10, "MAINT"}}) {
        server.health = way.health;
        server.admin = way.admin;
        server.weight = way.weight;
        state::CheckReport report;
        report.progress = way.progress;
        server.set_check(report);
        CHECK(status() == way.text);
    }
}

TEST_CASE("filters choose by proxy, type and id") {
    Process process;
    const auto count = [&](const std::string& command) {
        const std::string text = process.run(command);
        return std::ranges::count(text, '\n') - 1;
    };
    const std::string iid = std::to_string(process.model->find("be", false, true)->id);
    CHECK(count("show stat -1 4 -1") == 5);
    CHECK(count("show stat " + iid + " 2 -1") == 1);
    CHECK(count("show stat " + iid + " 4 3") == 1);
    CHECK(count("show stat be 4 -1") == 4);
    CHECK(count("show stat be") == 5);
    CHECK(count("show stat fe 8 -1") == 2);
    CHECK(process.run("show stat nope") == "No such proxy.\n");
}
