#include "vrrpd/admin/show.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace vrrpd::admin;

namespace {

bool contains(const std::string& text, const char* part) {
    return text.find(part) != text.npos;
}

// A backup with a failing check; single quotes stand for double ones.
boost::json::value sample() {
    std::string text = R"({
        'node': 'LVS_DEVEL', 'host': 'lb1', 'release': '0.1.0', 'pid': 77, 'uptime_ms': 93784000,
        'configuration': '/etc/vrrpd/keepalived.conf', 'reloads': 1, 'unknown_vrids': 0,
        'instances': [{
            'name': 'VI_1', 'state': 'FAULT', 'yielding': false, 'reason': 'script chk failed (exited with status 1)',
            'since_ms': 4200, 'interface': 'eth0', 'interface_up': true, 'vrid': 51, 'version': 2, 'priority': 101,
            'base_priority': 101, 'preempt': true, 'source': '192.168.36.154', 'configured_source': '192.168.36.129',
            'destinations': ['224.0.0.18'],
            'timers': {'advert_ms': 1000, 'master_down_ms': 3605, 'next_ms': null},
            'addresses': [{'address': '192.168.36.100', 'prefix': 32, 'device': 'eth0', 'advertised': true, 'set': true}],
            'checks': [{'kind': 'script', 'name': 'chk', 'weight': 0, 'health': 'bad', 'detail': 'exited with status 1',
                        'interval_ms': 2000, 'last_ms_ago': 310, 'running': false, 'runs': 9}],
            'peers': [{'address': '192.168.36.129', 'priority': 100, 'heard_ms_ago': 400, 'master': true}],
            'counters': {'adverts_sent': 5, 'adverts_received': 3, 'dropped': {'wrong password': 12}},
            'history': [{'at_ms': 1763824329123, 'from': 'INIT', 'to': 'BACKUP', 'reason': 'start'},
                        {'at_ms': 1763824330123, 'from': 'BACKUP', 'to': 'FAULT', 'reason': 'script chk failed'}]}],
        'proxy': {'socket': '/run/proxyd/control.sock', 'link': 'lost', 'reason': 'connection closed', 'pid': 80}})";
    std::ranges::replace(text, '\'', '"');
    return boost::json::parse(text);
}

}  // namespace

TEST_CASE("ages have their two largest units") {
    struct Case {
        std::int64_t milliseconds;
        const char* text;
    };
    const Case cases[] = {
        {0, "0 ms"},        {999, "999 ms"},        {1000, "1.00 s"},      {9999, "10.00 s"},
        {10'000, "10 s"},   {60'000, "1 min"},      {65'000, "1 min 5 s"}, {3'600'000, "1 h"},
        {3'605'000, "1 h"}, {93'784'000, "1 d 2 h"}};
    for (const Case& c : cases) CHECK(format_age(c.milliseconds) == c.text);
}

TEST_CASE("the page begins with who is what, then with what is wrong") {
    const std::string page = render_status(sample());
    CHECK(
        page.starts_with("VI_1 is FAULT on lb1\n"
                         "! VI_1 is in FAULT: script chk failed (exited with status 1)\n"
                         "! VI_1: 192.168.36.100 is set on eth0 although this node is FAULT\n"
                         "! VI_1: check chk fails (exited with status 1)\n"
                         "! the proxy is lost: connection closed\n"));
    CHECK(contains(page,
                   "192.168.36.154 (configured is 192.168.36.129, which is not on this node) to 224.0.0.18"));
    CHECK(contains(page, "5 sent, 3 received, 12 refused (wrong password)"));
    CHECK(contains(page, "reloaded 1 time\n"));
    // The newest transition is on top.
    CHECK(page.find("BACKUP -> FAULT") < page.find("INIT -> BACKUP"));
}

TEST_CASE("a master that is well has no marks") {
    boost::json::value status = sample();
    auto& instance = status.at("instances").at(0).as_object();
    instance["state"] = "MASTER";
    instance["checks"] = boost::json::array();
    instance["peers"] = boost::json::array();
    instance["configured_source"] = nullptr;
    status.at("proxy").as_object()["link"] = "up";
    const std::string page = render_status(status);
    CHECK(page.starts_with("VI_1 is MASTER on lb1 and holds 192.168.36.100\n"));
    CHECK_FALSE(contains(page, "!"));
}

TEST_CASE("two masters are trouble") {
    boost::json::value status = sample();
    status.at("instances").at(0).as_object()["state"] = "MASTER";
    CHECK(contains(render_status(status),
                   "! VI_1: 192.168.36.129 claims to be master as well (priority 100, 400 ms ago)"));
}

TEST_CASE("a status of another version still makes a page") {
    for (const char* text : {"null", "[]", "{}", R"({"instances":[{}]})",
                             R"({"instances":[{"name":5,"checks":{},"counters":[]}],"proxy":1})",
                             R"({"instances":[{"peers":[{"priority":1e300}],"destinations":[1,null]}]})"}) {
        CHECK_FALSE(render_status(boost::json::parse(text)).empty());
    }
}

TEST_CASE("a refused reload is trouble") {
    boost::json::value status = sample();
    status.as_object()["last_reload"] = {{"at_ms", 1795371701114}, {"refused", "k.conf:7: error: AH"}};
    const std::string page = render_status(status);
    CHECK(contains(page, " was refused, the former configuration is in force: k.conf:7: error: AH\n"));
    status.at("last_reload").as_object()["refused"] = "";
    CHECK_FALSE(contains(render_status(status), "refused, the former"));
}
