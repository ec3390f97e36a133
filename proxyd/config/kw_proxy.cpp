// Mode, limits and small settings of proxy sections (configuration manual 4.2).
#include "proxyd/config/arguments.h"
#include "proxyd/config/bandwidth.h"
#include "proxyd/config/fcgi_apps.h"
#include "proxyd/config/rule_order.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

void set_mode(Reading& in, const Statement& line) {
    const std::string& mode = line.argument(0);
    if (mode != "http" && mode != "tcp")
        return in.error(line, mode == "log" || mode == "spop" || mode == "haterm" || mode == "health"
                                  ? "'mode " + mode + "' is not supported (http or tcp)"
                                  : "unknown mode '" + mode + "' (http or tcp)");
    in.proxy().http_mode = mode == "http";
    in.draft->mode_where = line.where;
}

template <bool disabled>
void set_disabled(Reading& in, const Statement&) {
    in.proxy().disabled = disabled;
}

void set_maxconn(Reading& in, const Statement& line) {
    read_number(in, line, 0, 0, 1'000'000'000, in.proxy().maxconn);
}

void set_backlog(Reading& in, const Statement& line) {
    read_number(in, line, 0, 0, 1'000'000'000, in.draft->preset.backlog);
}

void set_id(Reading& in, const Statement& line) {
    read_number(in, line, 0, 1, 0x7fffffff, in.proxy().id);
}

void set_monitor_uri(Reading& in, const Statement& line) {
    in.proxy().monitor_uri = line.argument(0);
}

// The rules do it; responses are stored before they are compressed, wherever this line stands.
void name_cache(Reading& in, const Statement& line) {
    if (line.count() != 2) return in.error(line, "'filter cache' expects the name of a cache section");
    auto& settings = in.model.catalogue->caches[line.argument(1)];
    if (settings == nullptr) settings = std::make_shared<cache::Settings>();
    settings->name = line.argument(1);
    if (settings->mentioned.line == 0) settings->mentioned = line.where;
}

constexpr std::string_view kNoTraces = "this program has no traces of that kind";
constexpr std::string_view kWhereItStands = "the lines that begin with 'compression' say all";

// Without its agent a firewall decides nothing.
void add_filter(Reading& in, const Statement& line) {
    const std::string& name = line.argument(0);
    if (name == "fcgi-app") {
        if (line.count() != 2)
            return in.error(line, "'filter fcgi-app' expects the name of an fcgi-app section");
        return use_fcgi_app(in, line, line.argument(1));
    }
    if (name == "bwlim-in" || name == "bwlim-out") return add_bandwidth_filter(in, line);
    if (name == "spoe" || name == "opentracing")
        return name == "opentracing" ? in.no_effect(line, "'filter " + name + "'", kNoTraces)
                                     : in.error(line, "'filter " + name +
                                                          "' is refused: what it decides about traffic "
                                                          "would not happen");
    if (name != "compression" && name != "cache" && name != "trace" && name != "comp-req" &&
        name != "comp-res")
        return in.error(line, "unknown filter '" + name + "'");
    if (name == "cache") return name_cache(in, line);
    if (name != "compression")  // it stands where the compression keywords say
        in.no_effect(line, "'filter " + name + "'", name == "trace" ? kNoTraces : kWhereItStands);
}

void add_monitor_fail(Reading& in, const Statement& line) {
    if (line.argument(0) != "fail") return in.error(line, "'monitor' expects 'fail if|unless <condition>'");
    note_rule(in, line, RuleKind::monitor_fail);
    rules::Condition condition;
    if (rules::compile_condition(line.arguments().subspan(1), in.proxy().acls, line.where, in.out, condition,
                                 rules::kAtFrontRequest))
        in.proxy().monitor_fails.push_back(std::move(condition));
}

constexpr Keyword kKeywords[] = {
    works("mode", kProxies, 1, 1, set_mode, "http|tcp", "what the section understands"),
    works("maxconn", kFrontendSide, 1, 1, set_maxconn, "<number>", "connections at most"),
    works("backlog", kFrontendSide, 1, 1, set_backlog, "<number>", "length of the queue of new connections"),
    works("disabled", kProxies, 0, 0, set_disabled<true>, "", "the section is not started"),
    works("enabled", kProxies, 0, 0, set_disabled<false>, "", "undoes disabled"),
    works("id", kOwnProxies, 1, 1, set_id, "<number>", "number in statistics"),
    works("monitor-uri", kFrontendSide, 1, 1, set_monitor_uri, "<uri>", "answered 200 without a server"),
    works("monitor", kFrontend | kListen, 3, -1, add_monitor_fail, "fail if|unless <condition>",
          "when monitor-uri answers 503"),
    inert("monitor-net", kProxies, "removed from HAProxy; write monitor-uri"),
    inert("bind-process", kProxies, "all workers serve all sections"),
    works("filter", kOwnProxies, 1, -1, add_filter, "<name> ...",
          "cache and fcgi-app name their sections; spoe and bwlim are refused, others have no effect"),
    inert("guid", kOwnProxies, "nothing keeps counters over restarts, which are found by this name"),
    inert("quic-initial", kProxies, kNoQuic),
};

}  // namespace

std::span<const Keyword> proxy_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
