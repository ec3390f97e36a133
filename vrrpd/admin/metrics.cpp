#include "vrrpd/admin/metrics.h"

#include <spdlog/fmt/fmt.h>

namespace vrrpd::admin {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

// One family after the other: its lines must stand together.
class Page {
 public:
    void family(std::string name, std::string_view type, std::string_view help) {
        name_ = std::move(name);
        out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
    }
    template <class Number>
    void sample(const Labels& labels, Number value) {
        out_ += name_;
        char separator = '{';
        for (const auto& [label, text] : labels) {
            out_ += separator;
            out_.append(label).append("=\"");
            for (const char c : text) {
                if (c == '\n') {
                    out_ += "\\n";
                    continue;
                }
                if (c == '"' || c == '\\') out_ += '\\';
                out_ += c;
            }
            out_ += '"';
            separator = ',';
        }
        out_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
    }
    std::string take() { return std::move(out_); }

 private:
    std::string out_, name_;
};

Labels labels_of(const DumpInstance& one) {
    return {{"iname", one.settings.name},
            {"intf", one.settings.interface},
            {"vrid", std::to_string(one.settings.vrid)}};
}

Labels with(Labels labels, std::string_view name, std::string value) {
    labels.emplace_back(name, std::move(value));
    return labels;
}

double unix_seconds(std::chrono::system_clock::time_point at) {
    return std::chrono::duration<double>(at.time_since_epoch()).count();
}

// What exporters make of keepalived.json.
void of_exporters(Page& page, const Dump& dump) {
    page.family("keepalived_up", "gauge", "Status");
    page.sample({}, 1);
    page.family("keepalived_vrrp_state", "gauge", "State of vrrp: 0 init, 1 backup, 2 master, 3 fault");
    for (const DumpInstance& one : dump.instances) {
        for (const auto& entry : one.settings.addresses)
            page.sample(with(labels_of(one), "ip_address", entry.address.to_string()),
                        state_number(one.state.role));
    }
    page.family("keepalived_vrrp_excluded_state", "gauge", "State of vrrp with excluded VIP");
    for (const DumpInstance& one : dump.instances) {
        for (const auto& entry : one.settings.excluded_addresses)
            page.sample(with(labels_of(one), "ip_address", entry.address.to_string()),
                        state_number(one.state.role));
    }
    for (const Tally& tally : tallies()) {
        page.family(fmt::format("keepalived_{}_total", tally.metric), "counter",
                    tally.heading.empty() ? tally.label : fmt::format("{}: {}", tally.heading, tally.label));
        for (const DumpInstance& one : dump.instances)
            page.sample(with(labels_of(one), "state", std::to_string(state_number(one.state.role))),
                        tally.value(one.counters));
    }
    page.family("keepalived_gratuitous_arp_delay_total", "gauge", "Gratuitous ARP delay");
    for (const DumpInstance& one : dump.instances) {
        const auto delay = one.settings.garp.master_delay.value_or(common::Duration{});
        page.sample(with(labels_of(one), "state", std::to_string(state_number(one.state.role))),
                    std::chrono::duration_cast<std::chrono::seconds>(delay).count());
    }
    page.family("keepalived_script_status", "gauge", "Tracker Script Status: 1 good, 0 bad");
    for (const config::Script& script : dump.config.scripts) {
        const auto health = dump.result_of({fsm::TrackKind::script, script.name, 0, false}).health;
        page.sample({{"name", script.name}}, health == fsm::Health::good ? 1 : 0);
    }
}

void of_instances(Page& page, const Dump& dump) {
    page.family("vrrpd_priority", "gauge", "Effective priority");
    for (const DumpInstance& one : dump.instances)
        page.sample(labels_of(one), static_cast<int>(one.state.priority));
    page.family("vrrpd_base_priority", "gauge", "Configured priority");
    for (const DumpInstance& one : dump.instances)
        page.sample(labels_of(one), static_cast<int>(one.settings.priority));
    page.family("vrrpd_last_transition_seconds", "gauge", "Time of the last change of state");
    for (const DumpInstance& one : dump.instances)
        page.sample(labels_of(one), fmt::format("{:.3f}", unix_seconds(one.last_transition)));
    page.family("vrrpd_adverts_dropped_total", "counter", "Adverts that were refused, by reason");
    for (const DumpInstance& one : dump.instances) {
        for (std::size_t i = 0; i < packet::kDropReasons; ++i) {
            if (one.counters.dropped[i] == 0) continue;
            const std::string reason(packet::name_of(static_cast<packet::DropReason>(i)));
            page.sample(with(labels_of(one), "reason", reason), one.counters.dropped[i]);
        }
    }
    page.family("vrrpd_addresses_restored_total", "counter", "Addresses that somebody else deleted");
    for (const DumpInstance& one : dump.instances)
        page.sample(labels_of(one), one.counters.addresses_restored);
    page.family("vrrpd_announcements_total", "counter", "Gratuitous ARPs and unsolicited neighbour adverts");
    for (const DumpInstance& one : dump.instances) page.sample(labels_of(one), one.counters.announcements);
    static constexpr const char* kKinds[] = {"script", "interface", "proxy", "file", "process"};
    page.family("vrrpd_tracked_good", "gauge", "What the instance tracks: 1 good, 0 bad or not known yet");
    for (const DumpInstance& one : dump.instances) {
        for (const config::Track& track : one.settings.tracks) {
            const fsm::TrackResult result = dump.result_of(track.rule);
            const bool good =
                result.health != fsm::Health::unknown && !fsm::contribution(track.rule, result).bad;
            auto labels = with(labels_of(one), "kind", kKinds[static_cast<std::size_t>(track.rule.kind)]);
            page.sample(with(std::move(labels), "name", track.rule.name), good ? 1 : 0);
        }
    }
}

void of_process(Page& page, const ProcessMetrics& process) {
    page.family("vrrpd_info", "gauge", "The running program");
    page.sample({{"release", process.release}}, 1);
    page.family("vrrpd_start_time_seconds", "gauge", "When it was started");
    page.sample({}, fmt::format("{:.3f}", unix_seconds(process.started)));
    page.family("vrrpd_reloads_total", "counter", "Configurations taken over since then");
    page.sample({}, process.reloads);
    page.family("vrrpd_unknown_vrids_total", "counter", "Adverts for VRIDs that are not configured here");
    page.sample({}, process.unknown_vrids);
    page.family("vrrpd_late_timers_total", "counter",
                "Timers over a tenth of their advert interval late: the machine is too busy");
    page.sample({}, process.late_timers.count);
    page.family("vrrpd_latest_timer_seconds", "gauge", "How late the latest of them was");
    page.sample({},
                fmt::format("{:.6f}", std::chrono::duration<double>(process.late_timers.longest).count()));
    page.family("vrrpd_proxy_link_up", "gauge", "Whether the proxy on this node answers and is ready");
    page.sample({}, process.proxy_link_up ? 1 : 0);
}

}  // namespace

std::string metrics(const Dump& dump, const ProcessMetrics& process) {
    Page page;
    of_exporters(page, dump);
    of_instances(page, dump);
    of_process(page, process);
    return page.take();
}

}  // namespace vrrpd::admin
