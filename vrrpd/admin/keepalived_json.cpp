// keepalived.json: an array of {"data": {...}, "stats": {...}}, member for member as keepalived 2.2.7 writes
// it.
#include <spdlog/fmt/fmt.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "vrrpd/admin/keepalived_dump.h"

namespace vrrpd::admin {
namespace {

using common::Duration;

// Members in the order they are added, numbers in keepalived's form: no library writes 1795371701.114440.
class Writer {
 public:
    void begin(std::string_view name, char bracket) {
        member(name);
        out_ += bracket;
        first_ = true;
    }
    void end(char bracket) {
        out_ += bracket;
        first_ = false;
    }
    void number(std::string_view name, std::int64_t value) { raw(name, std::to_string(value)); }
    void boolean(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
    void text(std::string_view name, std::string_view value) { raw(name, quoted(value)); }
    void raw(std::string_view name, std::string_view value) {
        member(name);
        out_ += value;
    }
    std::string take() { return std::move(out_); }

 private:
    void member(std::string_view name) {
        if (!std::exchange(first_, false)) out_ += ',';
        if (!name.empty()) out_ += quoted(name) + ":";
    }
    static std::string quoted(std::string_view value) {
        std::string out;
        for (const char c : boost::json::serialize(boost::json::string(value))) {
            if (c == '/') out += '\\';
            out += c;
        }
        return out;
    }

    std::string out_;
    bool first_ = true;
};

std::int64_t whole_seconds(std::optional<Duration> value) {
    return std::chrono::duration_cast<std::chrono::seconds>(value.value_or(Duration{})).count();
}
std::string seconds(Duration value) {
    return fmt::format("{:g}", std::chrono::duration<double>(value).count());
}

void list(Writer& json, std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    json.begin(name, '[');
    for (const std::string& text : texts) json.text("", text);
    json.end(']');
}

void timers(Writer& json, const config::Instance& settings) {
    json.number("garp_delay", whole_seconds(settings.garp.master_delay));
    json.number("garp_refresh", whole_seconds(settings.garp.master_refresh));
    json.number("garp_rep", settings.garp.master_repeat.value_or(0));
    json.number("garp_refresh_rep", settings.garp.master_refresh_repeat.value_or(0));
    json.number("garp_lower_prio_delay", whole_seconds(settings.garp.lower_prio_delay));
    json.number("garp_lower_prio_rep", settings.garp.lower_prio_repeat.value_or(0));
}

void notifications(Writer& json, const config::Notifications& notify) {
    struct Row {
        const char* name;
        const config::Command& command;
    };
    for (const auto& [name, command] :
         {Row{"script_backup", notify.backup}, Row{"script_master", notify.master},
          Row{"script_fault", notify.fault}, Row{"script_stop", notify.stop},
          Row{"script_deleted", notify.deleted}, Row{"script", notify.any},
          Row{"script_master_rx_lower_pri", notify.master_rx_lower_pri}}) {
        if (command) json.text(name, describe_command(command));
    }
}

void lists(Writer& json, const DumpInstance& instance, const config::Config& config) {
    const config::Instance& settings = instance.settings;
    std::vector<std::string> shown, excluded, routes, rules, interfaces, scripts;
    for (const config::RouteEntry& route : settings.routes) routes.push_back(route.text);
    for (const config::RuleEntry& rule : settings.rules) rules.push_back(rule.text);
    for (const config::AddressEntry& entry : settings.addresses)
        shown.push_back(describe_address(entry, settings.interface, instance.is_set(entry)));
    for (const config::AddressEntry& entry : settings.excluded_addresses)
        excluded.push_back(describe_address(entry, settings.interface, instance.is_set(entry)));
    for (const config::Track& track : settings.tracks) {
        if (track.rule.kind == fsm::TrackKind::interface) interfaces.push_back(track.rule.name);
        if (track.rule.kind != fsm::TrackKind::script) continue;
        const config::Script* script = config.find_script(track.rule.name);
        if (script != nullptr) scripts.push_back(describe_command(script->command));
    }
    list(json, "vips", shown);
    list(json, "evips", excluded);
    list(json, "vroutes", routes);
    list(json, "vrules", rules);
    list(json, "track_ifp", interfaces);
    list(json, "track_script", scripts);
}

void data(Writer& json, const DumpInstance& instance, const config::Config& config) {
    const config::Instance& settings = instance.settings;
    const fsm::State& state = instance.state;
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(instance.last_transition.time_since_epoch())
            .count();
    json.text("iname", settings.name);
    json.number("dont_track_primary", settings.dont_track_primary);
    json.number("skip_check_adv_addr", settings.skip_check_adv_addr.value_or(false));
    json.number("strict_mode", settings.strict.value_or(false));
    json.text("vmac_ifname", "");
    json.text("ifp_ifname", settings.interface);
    json.number("master_priority", state.master ? state.master->priority : 0);
    json.raw("last_transition", fmt::format("{}.{:06}", microseconds / 1'000'000, microseconds % 1'000'000));
    timers(json, settings);
    json.number("lower_prio_no_advert", settings.lower_prio_no_advert.value_or(false));
    json.number("higher_prio_send_advert", settings.higher_prio_send_advert.value_or(false));
    json.number("vrid", settings.vrid);
    json.number("base_priority", settings.priority);
    json.number("effective_priority", state.priority);
    json.boolean("vipset", instance.holds_addresses);
    json.boolean("promote_secondaries", settings.promote_secondaries);
    json.raw("adver_int", seconds(settings.advert_interval));
    json.raw("master_adver_int",
             seconds(state.master_interval > Duration{} ? state.master_interval : settings.advert_interval));
    json.number("accept", settings.accept);
    json.boolean("nopreempt", settings.nopreempt);
    json.raw("preempt_delay", seconds(settings.preempt_delay));
    json.number("state", state_number(state.role));
    json.number("wantstate", state.wants_master ? state_number(fsm::Role::master) : state_number(state.role));
    json.number("version", settings.version);
    json.boolean("smtp_alert", settings.notify.smtp_alert.value_or(false));
    json.boolean("notify_deleted", settings.notify.tell_deleted);
    notifications(json, settings.notify);
    lists(json, instance, config);
    const bool password = settings.auth == packet::AuthType::pass;
    json.number("auth_type", password ? 1 : 0);
    if (password) json.text("auth_data", settings.password);
}

// json_version 2 has them behind the instances; the names of the members are those of the configuration.
void processes(Writer& json, const Dump& dump) {
    json.begin("track_process", '[');
    for (const config::TrackProcess& process : dump.config.track_processes) {
        const fsm::TrackResult now = dump.result_of({fsm::TrackKind::process, process.name});
        json.begin("", '{');
        json.text("name", process.name);
        json.text("process", process.argv.front());
        json.number("weight", process.weight);
        json.number("quorum", process.quorum);
        json.number("quorum_max", process.quorum_max);
        json.number("running", now.value);
        json.boolean("have_quorum", now.health == fsm::Health::good);
        json.end('}');
    }
    json.end(']');
}

}  // namespace

std::string keepalived_json(const Dump& dump) {
    const bool named = dump.config.globals.dumps.json_version == 2;
    Writer json;
    if (named) json.begin("", '{');
    json.begin(named ? "vrrp" : "", '[');
    for (const DumpInstance& instance : dump.instances) {
        json.begin("", '{');
        json.begin("data", '{');
        data(json, instance, dump.config);
        json.end('}');
        json.begin("stats", '{');
        for (const Tally& tally : tallies())
            json.number(tally.json, static_cast<std::int64_t>(tally.value(instance.counters)));
        json.end('}');
        json.end('}');
    }
    json.end(']');
    if (named) {
        processes(json, dump);
        json.end('}');
    }
    return json.take() + "\n";
}

}  // namespace vrrpd::admin
