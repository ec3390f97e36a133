// track_process: who is counted, as keepalived.conf(5) says, and the kernel's events.
#include "vrrpd/io/process_table.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "vrrpd/io/process_events.h"

using namespace vrrpd;
using namespace vrrpd::io;
using config::TrackProcess;
using Match = TrackProcess::Match;

namespace {

TrackProcess wanted(std::vector<std::string> argv, std::optional<Match> match = {}, bool full = false) {
    TrackProcess out;
    out.argv = std::move(argv);
    out.match = match;
    out.full_command = full;
    return out;
}

std::string command(std::vector<std::string> words) {
    std::string out;
    for (const std::string& word : words) out.append(word).push_back('\0');
    return out;
}

std::vector<std::byte> datagram(const proc_event& event, std::size_t cut = 0) {
    std::vector<std::byte> out(NLMSG_SPACE(sizeof(cn_msg) + sizeof event) - cut);
    nlmsghdr netlink{};
    netlink.nlmsg_len = static_cast<__u32>(NLMSG_LENGTH(sizeof(cn_msg) + sizeof event) - cut);
    netlink.nlmsg_type = NLMSG_DONE;
    cn_msg connector{};
    connector.id = {CN_IDX_PROC, CN_VAL_PROC};
    connector.len = sizeof event;
    std::memcpy(out.data(), &netlink, sizeof netlink);
    std::memcpy(out.data() + NLMSG_HDRLEN, &connector, sizeof connector);
    std::memcpy(out.data() + NLMSG_HDRLEN + sizeof connector, &event, sizeof event - cut);
    return out;
}

}  // namespace

TEST_CASE("a process is known by its name, or by its command line") {
    struct Case {
        TrackProcess wanted;
        const char* name;
        std::vector<std::string> command;
        bool matches;
    };
    const Case cases[] = {
        {wanted({"nginx"}), "nginx", {"nginx: worker"}, true},
        {wanted({"nginx"}), "nginx2", {"nginx"}, false},
        {wanted({"/usr/sbin/nginx"}), "nginx", {}, true},
        {wanted({"a-name-of-more-than-fifteen"}), "a-name-of-more-", {}, true},
        {wanted({"kworker/0:1"}), "kworker/0:1", {}, true},
        {wanted({"sleep"}, {}, true), "sleep", {"sleep"}, true},
        {wanted({"sleep"}, {}, true), "sleep", {"sleep", "5"}, false},
        {wanted({"sleep"}, {}, true), "other", {"sleep"}, true},
        {wanted({"sleep", "987"}), "sleep", {"sleep", "987"}, true},
        {wanted({"sleep", "987"}), "sleep", {"sleep", "9871"}, false},
        {wanted({"sleep", "987"}), "sleep", {"sleep", "987", "1"}, false},
        {wanted({"sleep", "987"}), "sleep", {"/bin/sleep", "987"}, false},
        {wanted({"sleep", "98"}, Match::initial), "sleep", {"sleep", "987"}, true},
        {wanted({"sleep", "98"}, Match::partial), "sleep", {"sleep", "987"}, false},
        {wanted({"sleep", "98"}, Match::partial), "sleep", {"sleep", "98", "7"}, true},
        {wanted({"sleep"}, Match::partial), "sleep", {"sleep", "98"}, false},
        {wanted({"sleep"}, Match::initial), "sleep", {"sleep"}, true},
        {wanted({"sleep"}, Match::initial), "kthread", {}, false},
    };
    for (const Case& one : cases) {
        INFO(one.wanted.argv.front() << " and " << one.name << " of " << one.command.size() << " words");
        CHECK(matches(one.wanted, one.name, command(one.command)) == one.matches);
    }
}

TEST_CASE("the table holds this process; a zombie is none") {
    std::vector<pid_t> all;
    ProcessTable table;
    while (const auto pid = table.next()) all.push_back(*pid);
    CHECK(std::ranges::count(all, ::getpid()) == 1);
    const auto self = look_at(::getpid(), true);
    REQUIRE(self);
    CHECK(self->name == std::string("unit_vrrpd_io"));
    CHECK(self->command.find("unit_vrrpd_io") != std::string::npos);

    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    CHECK(look_at(child, false));
    const common::UniqueFd end = watch_end_of(child);
    REQUIRE(end);
    pollfd ready{end.get(), POLLIN, 0};
    CHECK(::poll(&ready, 1, 0) == 0);
    ::kill(child, SIGKILL);
    CHECK(::poll(&ready, 1, 5000) == 1);
    CHECK_FALSE(look_at(child, false));
    ::waitpid(child, nullptr, 0);
    CHECK_FALSE(look_at(child, false));
    CHECK_FALSE(watch_end_of(child));
}

TEST_CASE("the connector's datagrams are decoded; threads are left out, cut ones refused") {
    using Kind = ProcessEvent::Kind;
    proc_event event{};
    event.what = proc_event::PROC_EVENT_FORK;
    event.event_data.fork = {1, 1, 20, 20};
    CHECK(decode_process_events(datagram(event)) == std::vector<ProcessEvent>{{Kind::changed, 20}});
    event.event_data.fork = {1, 1, 21, 20};
    CHECK(decode_process_events(datagram(event)).empty());
    event.what = proc_event::PROC_EVENT_EXIT;
    event.event_data.exit = {};
    event.event_data.exit.process_pid = event.event_data.exit.process_tgid = 20;
    const auto whole = datagram(event);
    CHECK(decode_process_events(whole) == std::vector<ProcessEvent>{{Kind::ended, 20}});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        (void)decode_process_events({whole.data(), size});
        if (size < sizeof(proc_event)) CHECK_NOTHROW(decode_process_events(datagram(event, size)));
    }
}

TEST_CASE("where the kernel allows it, its connector tells of a new process and of its end") {
    auto events = ProcessEvents::open();
    if (!events) {
        WARN("not allowed here: " << events.error().text);
        return;
    }
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    std::vector<ProcessEvent> seen;
    pollfd ready{events->fd(), POLLIN, 0};
    const auto has = [&](ProcessEvent::Kind kind) {
        return std::ranges::count(seen, ProcessEvent{kind, child}) == 1;
    };
    for (int i = 0; i < 1000 && !has(ProcessEvent::Kind::ended) && ::poll(&ready, 1, 5000) > 0; ++i) {
        const auto more = events->receive();
        seen.insert(seen.end(), more.begin(), more.end());
    }
    CHECK(has(ProcessEvent::Kind::changed));
    CHECK(has(ProcessEvent::Kind::ended));
}
