// global: which processors the threads may use (configuration manual 3.1, cpu-map).
#include <algorithm>

#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

void add_map(Reading& in, const Statement& line) {
    const auto map = parse_cpu_map(line.arguments());
    if (!map) return in.error(line, "'cpu-map': " + map.error().text);
    in.model.global.cpu_maps.push_back(*map);
}

// The words that speak of processors by number; nodes, clusters and cores would have to be looked up.
void limit_cpus(Reading& in, const Statement& line) {
    const std::string& what = line.argument(0);
    auto& limits = in.model.global.cpu_limits;
    if (what == "reset") return limits.clear();
    const bool drop = what == "drop-cpu";
    if (!drop && what != "only-cpu")
        return in.no_effect(line, "'cpu-set " + what + "'",
                            "processors are known by number here; write 'only-cpu' or 'drop-cpu'");
    const auto cpus = parse_cpu_set(line.arguments().subspan(1));
    if (!cpus) return in.error(line, "'cpu-set': " + cpus.error().text);
    if (cpus->none()) return in.error(line, "'cpu-set " + what + "' expects processors: 0-3");
    limits.push_back(drop ? ~*cpus : *cpus);
}

constexpr std::string_view kScheduler = "the system's scheduler chooses among the processors allowed";

constexpr Keyword kKeywords[] = {
    works("cpu-map", kGlobal, 2, -1, add_map, "[auto:]<group>[/<threads>] <cpus>",
          "the processors that threads are bound to"),
    works("cpu-set", kGlobal, 1, -1, limit_cpus, "reset | only-cpu <cpus> | drop-cpu <cpus>",
          "the processors that the process uses"),
    inert("cpu-policy", kGlobal, kScheduler),
    inert("cpu-affinity", kGlobal, kScheduler),
    inert("numa-cpu-mapping", kGlobal, kScheduler),
};

}  // namespace

std::span<const Keyword> cpu_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
