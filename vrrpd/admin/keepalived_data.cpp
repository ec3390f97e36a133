// keepalived.data: the configuration as it was understood and the state, "Name = value" line by line.
#include <spdlog/fmt/fmt.h>

#include <ctime>

#include "vrrpd/admin/keepalived_dump.h"

namespace vrrpd::admin {
namespace {

using common::Duration;

class Page {
 public:
    void section(std::string_view title) { out_ += fmt::format("------< {} >------\n", title); }
    void line(int depth, std::string_view name, std::string_view value) {
        out_ += fmt::format("{:{}}{} = {}\n", "", depth, name, value);
    }
    void line(int depth, std::string_view name, std::int64_t value) {
        line(depth, name, std::to_string(value));
    }
    void item(int depth, std::string_view text) { out_ += fmt::format("{:{}}{}\n", "", depth, text); }
    std::string take() { return std::move(out_); }

 private:
    std::string out_;
};

std::int64_t seconds(std::optional<Duration> value) {
    return std::chrono::duration_cast<std::chrono::seconds>(value.value_or(Duration{})).count();
}
std::int64_t microseconds(Duration value) {
    return std::chrono::duration_cast<std::chrono::microseconds>(value).count();
}
const char* yes_no(bool value) {
    return value ? "yes" : "no";
}
const char* truth(bool value) {
    return value ? "true" : "false";
}
const char* enabled(bool value) {
    return value ? "enabled" : "disabled";
}

// "1795371701.114440 (Sun Nov 22 18:21:41.114440 2026)"
std::string point(std::chrono::system_clock::time_point at) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
    const std::time_t whole = us / 1'000'000;
    std::tm local{};
    ::localtime_r(&whole, &local);
    char date[32], year[8];
    std::strftime(date, sizeof date, "%a %b %e %H:%M:%S", &local);
    std::strftime(year, sizeof year, "%Y", &local);
    return fmt::format("{}.{:06} ({}.{:06} {})", whole, us % 1'000'000, date, us % 1'000'000, year);
}

std::string interval(Duration value) {
    if (value % std::chrono::seconds(1) == Duration{}) return fmt::format("{} sec", seconds(value));
    return fmt::format("{} milli-sec", microseconds(value) / 1000);
}

std::string state_of(fsm::Role role) {
    return std::string(fsm::name_of(role));
}

// "weight 5 reverse", as the lists of tracked things say it.
std::string weight_of(const fsm::TrackRule& rule) {
    return fmt::format("weight {}{}", rule.weight, rule.reverse ? " reverse" : "");
}

void globals(Page& page, const config::Globals& g) {
    page.section("Global definitions");
    page.line(1, "Router ID", g.router_id.empty() ? engine::host_name() : g.router_id);
    if (!g.mail.server.empty()) {
        page.line(1, "Smtp server", g.mail.server);
        page.line(1, "Smtp server port", g.mail.port);
    }
    page.line(1, "Smtp HELO name", g.mail.helo_name.empty() ? engine::host_name() : g.mail.helo_name);
    page.line(1, "Smtp server connection timeout", seconds(g.mail.timeout));
    if (!g.mail.from.empty()) page.line(1, "Email notification from", g.mail.from);
    if (!g.mail.recipients.empty()) page.item(1, "Email notification to:");
    for (const std::string& recipient : g.mail.recipients) page.item(3, recipient);
    page.line(1, "Default smtp_alert", g.mail.alert ? "on" : "unset");
    page.line(1, "Dynamic interfaces", truth(g.dynamic_interfaces));
    page.line(1, "Default interface", g.default_interface);
    if (!g.fifo.path.empty()) page.line(1, "Global notify fifo", g.fifo.path);
    if (!g.vrrp_fifo.path.empty()) page.line(1, "VRRP notify fifo", g.vrrp_fifo.path);
    page.line(1, "VRRP notify priority changes", truth(g.notify_priority_changes));
    page.line(1, "VRRP IPv4 mcast group", g.group4 ? g.group4->to_string() : "224.0.0.18");
    page.line(1, "VRRP IPv6 mcast group", g.group6 ? g.group6->to_string() : "ff02::12");
    page.line(1, "Gratuitous ARP delay", seconds(g.garp.master_delay.value_or(std::chrono::seconds(5))));
    page.line(1, "Gratuitous ARP repeat", g.garp.master_repeat.value_or(5));
    page.line(1, "Gratuitous ARP refresh timer", seconds(g.garp.master_refresh));
    page.line(1, "Gratuitous ARP refresh repeat", g.garp.master_refresh_repeat.value_or(1));
    page.line(1, "Num adverts before down", g.down_timer_adverts);
    page.line(1, "VRRP default protocol version", g.version);
    page.line(1, "VRRP check unicast_src", truth(g.check_unicast_source));
    page.line(1, "VRRP skip check advert addresses", truth(g.skip_check_adv_addr));
    page.line(1, "VRRP strict mode", truth(g.strict));
    page.line(1, "VRRP process priority", g.nice);
    page.line(1, "VRRP don't swap", truth(g.no_swap));
    page.line(1, "VRRP realtime priority", g.realtime_priority);
    page.item(1, std::string("Script security ") + enabled(g.script_security));
}

void timers(Page& page, const DumpInstance& one) {
    const config::Instance& s = one.settings;
    const Duration master =
        one.state.master_interval > Duration{} ? one.state.master_interval : s.advert_interval;
    const std::uint8_t priority = one.state.priority > 0 ? one.state.priority : s.priority;
    if (one.state.role == fsm::Role::backup && one.state.master) {
        page.line(3, "Master router", one.state.master->address.to_string());
        page.line(3, "Master priority", one.state.master->priority);
    }
    page.line(3, "Last transition", point(one.last_transition));
    page.line(3, "Master down timer",
              fmt::format("{} usecs", microseconds(fsm::master_down(one.params, priority, master))));
}

void identity(Page& page, const DumpInstance& one) {
    const config::Instance& s = one.settings;
    page.line(3, "Interface", s.interface);
    if (s.dont_track_primary) page.item(3, "VRRP interface tracking disabled");
    if (s.skip_check_adv_addr.value_or(false)) page.item(3, "Skip checking advert IP addresses");
    page.line(3, "Using src_ip", one.state.source ? one.state.source->to_string() : "(none)");
    page.line(3, "Gratuitous ARP delay", seconds(s.garp.master_delay));
    page.line(3, "Gratuitous ARP repeat", s.garp.master_repeat.value_or(0));
    page.line(3, "Gratuitous ARP refresh", seconds(s.garp.master_refresh));
    page.line(3, "Gratuitous ARP refresh repeat", s.garp.master_refresh_repeat.value_or(0));
    page.line(3, "Gratuitous ARP lower priority delay", seconds(s.garp.lower_prio_delay));
    page.line(3, "Gratuitous ARP lower priority repeat", s.garp.lower_prio_repeat.value_or(0));
    page.line(3, "Down timer adverts", s.down_timer_adverts);
    page.line(3, "Send advert after receive lower priority advert",
              truth(!s.lower_prio_no_advert.value_or(false)));
    page.line(3, "Send advert after receive higher priority advert",
              truth(s.higher_prio_send_advert.value_or(false)));
    page.line(3, "Virtual Router ID", s.vrid);
    page.line(3, "Priority", s.priority);
    page.line(3, "Effective priority", one.state.priority);
    page.line(3, "Total priority", s.priority + one.state.tracking.delta);
    page.line(3, "Advert interval", interval(s.advert_interval));
    page.line(3, "Accept", enabled(s.accept));
    page.line(3, "Preempt", enabled(!s.nopreempt));
    if (s.preempt_delay > Duration{})
        page.line(3, "Preempt delay",
                  fmt::format("{:g} secs", std::chrono::duration<double>(s.preempt_delay).count()));
    page.line(3, "Promote_secondaries", enabled(s.promote_secondaries));
    if (s.auth == packet::AuthType::pass) {
        page.line(3, "Authentication type", "SIMPLE_PASSWORD");
        page.line(3, "Password", s.password);
    } else if (s.version == 2) {
        page.line(3, "Authentication type", "none");
    }
}

void addresses(Page& page, const DumpInstance& one) {
    const config::Instance& s = one.settings;
    if (!s.addresses.empty()) page.item(3, fmt::format("Virtual IP ({}):", s.addresses.size()));
    for (const auto& entry : s.addresses)
        page.item(5, describe_address(entry, s.interface, one.is_set(entry)));
    if (!s.excluded_addresses.empty()) page.item(3, "Virtual IP Excluded :");
    for (const auto& entry : s.excluded_addresses)
        page.item(5, describe_address(entry, s.interface, one.is_set(entry)));
    if (!s.routes.empty()) page.item(3, "Virtual Routes :");
    for (const config::RouteEntry& route : s.routes) page.item(5, route.text);
    if (!s.rules.empty()) page.item(3, "Virtual Rules :");
    for (const config::RuleEntry& rule : s.rules) page.item(5, rule.text);
    if (!s.unicast()) return;
    page.line(3, "Unicast TTL", s.unicast_ttl);
    page.item(3, std::string("Check unicast src : ") + yes_no(s.check_unicast_source));
    page.item(3, "Unicast Peer :");
    for (const config::UnicastPeer& peer : s.unicast_peers) {
        page.item(5, fmt::format("{} min_ttl {} max_ttl {}", peer.address.to_string(),
                                 peer.min_ttl.value_or(0), peer.max_ttl.value_or(255)));
    }
}

// The list of one kind; keepalived puts a comma behind the names of files and processes.
void tracked(Page& page, const std::vector<config::Track>& tracks) {
    struct Row {
        fsm::TrackKind kind;
        const char *title, *separator;
    };
    static constexpr Row kRows[] = {{fsm::TrackKind::interface, "Tracked interfaces :", " "},
                                    {fsm::TrackKind::script, "Tracked scripts :", " "},
                                    {fsm::TrackKind::file, "Tracked files :", ", "},
                                    {fsm::TrackKind::process, "Tracked processes :", ", "},
                                    {fsm::TrackKind::proxy, "Tracked proxy link :", " "}};
    for (const Row& row : kRows) {
        bool first = true;
        for (const config::Track& track : tracks) {
            if (track.rule.kind != row.kind) continue;
            if (std::exchange(first, false)) page.item(3, row.title);
            page.item(5, track.rule.name + row.separator + weight_of(track.rule));
        }
    }
}

void notifications(Page& page, const config::Notifications& notify) {
    struct Row {
        const char* name;
        const config::Command& command;
    };
    page.line(3, "Using smtp notification", yes_no(notify.smtp_alert.value_or(false)));
    page.line(3, "Notify deleted", notify.tell_deleted ? "Deleted" : "Fault");
    for (const auto& [name, command] :
         {Row{"Backup", notify.backup}, Row{"Master", notify.master}, Row{"Fault", notify.fault},
          Row{"Stop", notify.stop}, Row{"Deleted", notify.deleted}, Row{"Generic", notify.any},
          Row{"Master rx lower pri", notify.master_rx_lower_pri}}) {
        if (command) page.line(3, std::string(name) + " state transition script", describe_command(command));
    }
    page.line(3, "Notify priority changes", truth(notify.priority_changes.value_or(false)));
}

void instance(Page& page, const DumpInstance& one, const config::Config& config) {
    const config::Instance& s = one.settings;
    page.line(1, "VRRP Instance", s.name);
    page.line(3, "VRRP Version", s.version);
    if (!s.group.empty()) page.line(3, "Sync group", s.group);
    if (s.family == packet::Family::v6) page.item(3, "Using Native IPv6");
    page.line(3, "State", state_of(one.state.role));
    page.line(3, "Wantstate", one.state.wants_master ? "MASTER" : state_of(one.state.role));
    timers(page, one);
    identity(page, one);
    if (!s.unicast())
        page.item(3, "Multicast address " + config::multicast_group(config.globals, s).to_string());
    addresses(page, one);
    tracked(page, s.tracks);
    notifications(page, s.notify);
}

// Who tracks it: "VI_1, weight 5".
void tracking_instances(Page& page, const config::Config& config, fsm::TrackKind kind,
                        const std::string& name) {
    page.item(3, "Tracking instances :");
    for (const config::Instance& instance : config.instances) {
        for (const config::Track& track : instance.tracks) {
            if (track.rule.kind == kind && track.rule.name == name)
                page.item(5, instance.name + ", " + weight_of(track.rule));
        }
    }
}

fsm::TrackResult result(const Dump& dump, fsm::TrackKind kind, const std::string& name) {
    return dump.result_of({kind, name, 0, false});
}

const char* status_of_script(fsm::Health health) {
    return health == fsm::Health::good ? "GOOD" : health == fsm::Health::bad ? "BAD" : "INIT";
}

void scripts(Page& page, const Dump& dump) {
    page.section("VRRP Scripts");
    for (const config::Script& script : dump.config.scripts) {
        page.line(1, "VRRP Script", script.name);
        page.line(3, "Command", describe_command(script.command));
        page.line(3, "Interval", interval(script.interval));
        page.line(3, "Timeout", interval(script.timeout));
        page.line(3, "Weight", fmt::format("{}{}", script.weight, script.reverse ? " reverse" : ""));
        page.line(3, "Rise", script.counts.rise);
        page.line(3, "Fall", script.counts.fall);
        page.line(3, "Status", status_of_script(result(dump, fsm::TrackKind::script, script.name).health));
        tracking_instances(page, dump.config, fsm::TrackKind::script, script.name);
    }
}

void files(Page& page, const Dump& dump) {
    page.section("VRRP Track files");
    for (const config::TrackFile& file : dump.config.track_files) {
        page.line(1, "Track file", file.name);
        page.line(3, "File", file.path);
        page.line(3, "Status", result(dump, fsm::TrackKind::file, file.name).value);
        page.line(3, "Weight", fmt::format("{}{}", file.weight, file.reverse ? " reverse" : ""));
        tracking_instances(page, dump.config, fsm::TrackKind::file, file.name);
    }
}

void processes(Page& page, const Dump& dump) {
    page.section("VRRP Track processes");
    for (const config::TrackProcess& process : dump.config.track_processes) {
        const fsm::TrackResult now = result(dump, fsm::TrackKind::process, process.name);
        page.line(1, "VRRP Track process", process.name);
        page.line(3, "Process", process.argv.front());
        std::string parameters;
        for (std::size_t i = 1; i < process.argv.size(); ++i)
            parameters += (i > 1 ? " " : "") + process.argv[i];
        if (!parameters.empty()) page.line(3, "Parameters", parameters);
        page.line(3, "Min processes", process.quorum);
        page.line(3, "Current processes", now.value);
        page.line(3, "Have quorum", truth(now.health == fsm::Health::good));
        page.line(3, "Weight", fmt::format("{}{}", process.weight, process.reverse ? " reverse" : ""));
        page.line(3, "Terminate delay",
                  fmt::format("{:.6f}s", std::chrono::duration<double>(process.terminate_delay).count()));
        page.line(3, "Fork delay",
                  fmt::format("{:.6f}s", std::chrono::duration<double>(process.fork_delay).count()));
        page.line(3, "Full command", truth(process.by_command()));
        tracking_instances(page, dump.config, fsm::TrackKind::process, process.name);
    }
}

void groups(Page& page, const Dump& dump) {
    page.section("VRRP Sync groups");
    for (const config::SyncGroup& group : dump.config.sync_groups) {
        page.item(
            1, fmt::format("VRRP Sync Group = {}, {}", group.name, state_of(dump.role_of_group(group.name))));
        page.item(3, "VRRP member instances :");
        for (const std::string& member : group.members) page.item(5, member);
        if (group.member_weights) page.item(3, "sync group tracking weight set");
        page.line(3, "Using smtp notification", yes_no(group.notify.smtp_alert.value_or(false)));
    }
}

}  // namespace

std::string keepalived_data(const Dump& dump) {
    Page page;
    globals(page, dump.config.globals);
    page.section("VRRP Topology");
    for (const DumpInstance& one : dump.instances) instance(page, one, dump.config);
    if (!dump.config.sync_groups.empty()) groups(page, dump);
    if (!dump.config.scripts.empty()) scripts(page, dump);
    if (!dump.config.track_files.empty()) files(page, dump);
    if (!dump.config.track_processes.empty()) processes(page, dump);
    return page.take();
}

}  // namespace vrrpd::admin
