#include "vrrpd/admin/show.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace vrrpd::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t kHistoryShown = 8;

// Members of a value that may be older or newer than this program.
const json::value& member(const json::value& value, std::string_view name) {
    static const json::value kNone;
    const json::object* object = value.if_object();
    const json::value* found = object != nullptr ? object->if_contains(name) : nullptr;
    return found != nullptr ? *found : kNone;
}
std::string text(const json::value& value, std::string_view name) {
    const json::string* found = member(value, name).if_string();
    return found != nullptr ? std::string(*found) : std::string();
}
std::int64_t number(const json::value& value, std::string_view name) {
    const json::value& found = member(value, name);
    return found.is_int64() || found.is_uint64() ? found.to_number<std::int64_t>() : 0;
}
bool flag(const json::value& value, std::string_view name) {
    const bool* found = member(value, name).if_bool();
    return found != nullptr && *found;
}
const json::array& list(const json::value& value, std::string_view name) {
    static const json::array kEmpty;
    const json::array* found = member(value, name).if_array();
    return found != nullptr ? *found : kEmpty;
}
bool present(const json::value& value, std::string_view name) {
    return !member(value, name).is_null();
}

std::string local_time(std::int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1000;
    std::tm local{};
    ::localtime_r(&seconds, &local);
    char out[32];
    std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S", &local);
    return fmt::format("{}.{:03}", out, unix_ms % 1000);
}

std::string plural(std::int64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// One page, built line by line; the label column keeps the eye on the left.
class Page {
 public:
    void line(std::string_view label, std::string_view content) {
        out_ += fmt::format("  {:<10} {}\n", label, content);
    }
    // Continues the block of the label above.
    void more(std::string_view content) { line("", content); }
    void trouble(std::string_view content) { out_ += fmt::format("! {}\n", content); }
    void raw(std::string_view content) { out_ += content; }
    std::string take() { return std::move(out_); }

 private:
    std::string out_;
};

// "192.168.36.100 on eth0", all of an instance.
std::string held(const json::value& instance) {
    std::string out;
    for (const json::value& address : list(instance, "addresses")) {
        if (!flag(address, "set")) continue;
        out += (out.empty() ? "" : ", ") + text(address, "address");
    }
    return out;
}

std::string priority_sum(const json::value& instance) {
    std::string out =
        fmt::format("{} (base {}", number(instance, "priority"), number(instance, "base_priority"));
    for (const json::value& check : list(instance, "checks")) {
        const std::int64_t adds = number(check, "adds");
        if (adds != 0) out += fmt::format(", {:+} {}", adds, text(check, "name"));
    }
    return out + ")";
}

void instance_troubles(const json::value& instance, Page& page) {
    const std::string name = text(instance, "name"), state = text(instance, "state");
    if (state == "FAULT") page.trouble(fmt::format("{} is in FAULT: {}", name, text(instance, "reason")));
    if (state == "INIT") page.trouble(fmt::format("{} has not begun: {}", name, text(instance, "reason")));
    if (flag(instance, "yielding"))
        page.trouble(fmt::format("{} offers the addresses to a peer: {}", name, text(instance, "reason")));
    if (!flag(instance, "interface_up"))
        page.trouble(fmt::format("{}: interface {} is down", name, text(instance, "interface")));
    for (const json::value& address : list(instance, "addresses")) {
        const bool master = state == "MASTER";
        if (flag(address, "set") == master) continue;
        page.trouble(fmt::format("{}: {} is {} on {} although this node is {}", name,
                                 text(address, "address"), master ? "missing" : "set",
                                 text(address, "device"), state));
    }
    for (const json::value& check : list(instance, "checks")) {
        if (text(check, "health") != "bad") continue;
        page.trouble(
            fmt::format("{}: check {} fails ({})", name, text(check, "name"), text(check, "detail")));
    }
    if (state == "MASTER" && list(instance, "peers").empty())
        return;  // never heard of anybody: may be alone on purpose
    for (const json::value& peer : list(instance, "peers")) {
        if (state != "MASTER" ||
            number(peer, "heard_ms_ago") > number(member(instance, "timers"), "master_down_ms"))
            continue;
        if (number(peer, "priority") == 0) continue;
        page.trouble(fmt::format("{}: {} claims to be master as well (priority {}, {} ago)", name,
                                 text(peer, "address"), number(peer, "priority"),
                                 format_age(number(peer, "heard_ms_ago"))));
    }
}

void instance_identity(const json::value& instance, Page& page) {
    const json::value& timers = member(instance, "timers");
    const std::string state = text(instance, "state");
    page.raw(fmt::format("\n{}   {} for {}   {}, VRID {}, VRRPv{}\n", text(instance, "name"), state,
                         format_age(number(instance, "since_ms")), text(instance, "interface"),
                         number(instance, "vrid"), number(instance, "version")));
    page.line("why", text(instance, "reason"));
    if (!text(instance, "group").empty()) page.line("group", text(instance, "group"));
    bool first = true;
    for (const json::value& address : list(instance, "addresses")) {
        page.line(std::exchange(first, false) ? "addresses" : "",
                  fmt::format("{}/{} on {}   {}{}", text(address, "address"), number(address, "prefix"),
                              text(address, "device"), flag(address, "set") ? "set here" : "not set here",
                              flag(address, "advertised") ? "" : ", not advertised"));
    }
    page.line("priority", priority_sum(instance) + (flag(instance, "preempt") ? "" : ", does not preempt"));
    std::string times =
        fmt::format("advert every {}, takes over after {} of silence",
                    format_age(number(timers, "advert_ms")), format_age(number(timers, "master_down_ms")));
    if (present(timers, "next_ms")) {
        times += fmt::format("; {} in {}", state == "MASTER" ? "next advert" : "that would be",
                             format_age(number(timers, "next_ms")));
    }
    page.line("timers", times);
    std::string way = present(instance, "source") ? text(instance, "source") : "no source address";
    const std::string wanted = text(instance, "configured_source");
    if (!wanted.empty() && wanted != text(instance, "source"))
        way += " (configured is " + wanted + ", which is not on this node)";
    way += " to ";
    for (const json::value& destination : list(instance, "destinations")) {
        way += (way.ends_with(" to ") ? "" : ", ") +
               std::string(destination.is_string() ? destination.get_string() : "");
    }
    page.line("adverts", way);
}

void instance_peers(const json::value& instance, Page& page) {
    bool first = true;
    for (const json::value& peer : list(instance, "peers")) {
        page.line(std::exchange(first, false) ? "peers" : "",
                  fmt::format("{}   priority {}, heard {} ago", text(peer, "address"),
                              number(peer, "priority"), format_age(number(peer, "heard_ms_ago"))));
    }
    if (first)
        page.line("peers", text(instance, "state") == "MASTER"
                               ? "none heard since the start (backups are silent)"
                               : "none heard since the start");
    const json::value& counters = member(instance, "counters");
    std::string sums = fmt::format("{} sent, {} received", number(counters, "adverts_sent"),
                                   number(counters, "adverts_received"));
    if (number(counters, "send_errors") > 0)
        sums += fmt::format(", {} could not be sent", number(counters, "send_errors"));
    if (const json::object* dropped = member(counters, "dropped").if_object()) {
        for (const auto& [reason, count] : *dropped) {
            sums += fmt::format(", {} refused ({})", count.to_number<std::int64_t>(), std::string(reason));
        }
    }
    page.line("counters", sums);
}

void instance_checks(const json::value& instance, Page& page) {
    bool first = true;
    for (const json::value& check : list(instance, "checks")) {
        std::string line = fmt::format("{:<16} {:<8} weight {:<5}", text(check, "name"),
                                       text(check, "health"), number(check, "weight"));
        if (present(check, "value")) line += fmt::format("says {} ", number(check, "value"));
        if (!text(check, "detail").empty()) line += text(check, "detail");
        if (present(check, "last_ms_ago"))
            line += fmt::format(", {} ago", format_age(number(check, "last_ms_ago")));
        if (present(check, "interval_ms"))
            line += fmt::format(", every {}", format_age(number(check, "interval_ms")));
        if (flag(check, "running")) line += ", runs now";
        page.line(std::exchange(first, false) ? "checks" : "", line);
    }
}

void instance_history(const json::value& instance, Page& page) {
    const json::array& history = list(instance, "history");
    bool first = true;
    for (std::size_t i = 0; i < std::min(history.size(), kHistoryShown); ++i) {  // the newest on top
        const json::value& entry = history[history.size() - 1 - i];
        page.line(std::exchange(first, false) ? "history" : "",
                  fmt::format("{}   {} -> {}   {}", local_time(number(entry, "at_ms")), text(entry, "from"),
                              text(entry, "to"), text(entry, "reason")));
    }
}

void proxy(const json::value& status, Page& page) {
    const json::value& link = member(status, "proxy");
    page.raw(fmt::format("\nproxy   {}   {}\n", text(link, "link"), text(link, "socket")));
    if (text(link, "link") == "absent") return page.line("why", "no proxy has answered since the start");
    if (!text(link, "reason").empty()) page.line("why", text(link, "reason"));
    std::string line = fmt::format("pid {}", number(link, "pid"));
    if (!text(link, "release").empty()) line += ", release " + text(link, "release");
    if (present(link, "state")) {
        line += fmt::format(", {}, {} of {} up, health {} ago", text(link, "state"),
                            number(link, "listeners_up"), plural(number(link, "listeners_total"), "listener"),
                            format_age(number(link, "health_ms_ago")));
    }
    page.line("process", line);
    bool first = true;
    for (const json::value& backend : list(link, "backends")) {
        page.line(std::exchange(first, false) ? "backends" : "",
                  fmt::format("{:<16} {} of {} usable{}", text(backend, "name"), number(backend, "usable"),
                              plural(number(backend, "total"), "server"),
                              number(backend, "usable") == 0 ? "   !" : ""));
    }
}

}  // namespace

std::string format_age(std::int64_t milliseconds) {
    if (milliseconds < 1000) return fmt::format("{} ms", milliseconds);
    if (milliseconds < 10'000) return fmt::format("{:.2f} s", static_cast<double>(milliseconds) / 1000);
    struct Unit {
        std::int64_t seconds;
        std::string_view name;
    };
    static constexpr Unit kUnits[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    std::int64_t seconds = milliseconds / 1000;
    std::string out;
    int shown = 0;
    for (const Unit& unit : kUnits) {
        const std::int64_t count = seconds / unit.seconds;
        seconds %= unit.seconds;
        if (count == 0 && shown == 0) continue;
        if (count > 0) out += fmt::format("{}{} {}", shown ? " " : "", count, unit.name);
        if (++shown == 2) break;
    }
    return out;
}

std::string render_status(const json::value& status) {
    Page page;
    for (const json::value& instance : list(status, "instances")) {
        const bool master = text(instance, "state") == "MASTER";
        const std::string addresses = held(instance);
        page.raw(fmt::format("{} is {} on {}{}\n", text(instance, "name"), text(instance, "state"),
                             text(status, "host"),
                             master ? " and holds " + (addresses.empty() ? "no address" : addresses) : ""));
    }
    for (const json::value& instance : list(status, "instances")) instance_troubles(instance, page);
    const json::value& reload = member(status, "last_reload");
    if (!text(reload, "refused").empty()) {
        page.trouble(fmt::format("the reload at {} was refused, the former configuration is in force: {}",
                                 local_time(number(reload, "at_ms")), text(reload, "refused")));
    }
    if (text(member(status, "proxy"), "link") == "lost") {
        page.trouble("the proxy is lost: " + text(member(status, "proxy"), "reason"));
    }
    for (const json::value& instance : list(status, "instances")) {
        instance_identity(instance, page);
        instance_peers(instance, page);
        instance_checks(instance, page);
        instance_history(instance, page);
    }
    proxy(status, page);
    page.raw(fmt::format("\nvrrpd {} on {} (router id {}), pid {}, up {}, {}", text(status, "release"),
                         text(status, "host"), text(status, "node"), number(status, "pid"),
                         format_age(number(status, "uptime_ms")), text(status, "configuration")));
    if (number(status, "reloads") > 0) page.raw(", reloaded " + plural(number(status, "reloads"), "time"));
    if (number(status, "unknown_vrids") > 0) {
        page.raw(fmt::format(", {} for VRIDs that are not configured here",
                             plural(number(status, "unknown_vrids"), "advert")));
    }
    if (const json::value& late = member(status, "late_timers"); number(late, "count") > 0) {
        page.raw(fmt::format(", {} late, the latest by {:.3f} s", plural(number(late, "count"), "timer"),
                             static_cast<double>(number(late, "longest_us")) / 1e6));
    }
    page.raw("\n");
    return page.take();
}

}  // namespace vrrpd::admin
