#include "proxyd/config/cpu_map.h"

#include "common/text.h"

namespace proxyd::config {

namespace {

using common::fail;

struct Range {
    int low, high;
};

// "3", "1-4", "2-" up to `most`.
common::Result<Range> parse_range(std::string_view text, int least, int most, const std::string& what) {
    const auto dash = text.find('-');
    const auto bad = [&](const std::string& why) {
        return fail("'" + std::string(text) + "' is no " + what + ": " + why);
    };
    const auto low = common::parse_number(text.substr(0, dash), 0, 1'000'000);
    if (!low) return bad("expected is a number or a range such as 1-4");
    Range range{static_cast<int>(*low), static_cast<int>(*low)};
    if (dash != std::string_view::npos && dash + 1 == text.size()) {
        range.high = most;
    } else if (dash != std::string_view::npos) {
        const auto high = common::parse_number(text.substr(dash + 1), 0, 1'000'000);
        if (!high) return bad("expected is a number or a range such as 1-4");
        range.high = static_cast<int>(*high);
    }
    if (range.low > range.high) std::swap(range.low, range.high);
    if (range.low < least || range.high > most)
        return bad("numbers go from " + std::to_string(least) + " to " + std::to_string(most));
    return range;
}

std::size_t position(const ThreadSet& set, int thread) {
    std::size_t before = 0;
    for (int i = 0; i < thread; ++i) before += set.test(static_cast<std::size_t>(i));
    return before;
}

CpuSet nth(const CpuSet& cpus, std::size_t wanted) {
    CpuSet one;
    for (std::size_t cpu = 0, seen = 0; cpu < cpus.size(); ++cpu)
        if (cpus.test(cpu) && seen++ == wanted) return one.set(cpu);
    return one;
}

}  // namespace

common::Result<ThreadSet> parse_thread_set(std::string_view text) {
    ThreadSet set;
    const bool odd = text == "odd", even = text == "even";
    if (text == "all" || odd || even) {
        for (std::size_t i = 1; i <= kMappedThreads; ++i)
            if (!(odd && i % 2 == 0) && !(even && i % 2 == 1)) set.set(i);
        return set;
    }
    const auto range = parse_range(text, 1, kMappedThreads, "set of threads");
    if (!range) return std::unexpected(range.error());
    for (int i = range->low; i <= range->high; ++i) set.set(static_cast<std::size_t>(i));
    return set;
}

common::Result<CpuSet> parse_cpu_set(std::span<const std::string> words) {
    CpuSet set;
    for (const std::string& word : words)
        for (const std::string_view piece : common::split(word, ',')) {
            const auto range = parse_range(piece, 0, kMostCpus - 1, "set of processors");
            if (!range) return std::unexpected(range.error());
            for (int i = range->low; i <= range->high; ++i) set.set(static_cast<std::size_t>(i));
        }
    return set;
}

common::Result<CpuMap> parse_cpu_map(std::span<const std::string> words) {
    constexpr std::string_view kAuto = "auto:";
    CpuMap line;
    std::string_view who = words.front();
    line.one_each = who.starts_with(kAuto);
    if (line.one_each) who.remove_prefix(kAuto.size());
    const auto slash = who.find('/');
    line.threads_named = slash != std::string_view::npos;
    const auto groups = parse_thread_set(who.substr(0, slash));
    const auto threads = parse_thread_set(line.threads_named ? who.substr(slash + 1) : "all");
    const auto cpus = parse_cpu_set(words.subspan(1));
    if (!groups) return std::unexpected(groups.error());
    if (!threads) return std::unexpected(threads.error());
    if (!cpus) return std::unexpected(cpus.error());
    line.groups = *groups;
    line.threads = *threads;
    line.cpus = *cpus;
    if (!line.one_each) return line;
    if (line.groups.count() > 1 && line.threads_named && line.threads.count() > 1)
        return fail("with 'auto:' there is one range, of groups or of threads");
    const std::size_t counted =
        line.groups.count() > 1 || !line.threads_named ? line.groups.count() : line.threads.count();
    if (counted != line.cpus.count())
        return fail("with 'auto:' there are as many threads as processors, not " + std::to_string(counted) +
                    " and " + std::to_string(line.cpus.count()));
    return line;
}

CpuSet cpus_of_thread(std::span<const CpuMap> lines, int thread, bool processes) {
    CpuSet cpus;
    for (const CpuMap& line : lines) {
        const bool by_group = !line.threads_named;
        const ThreadSet& set = by_group && processes ? line.groups : line.threads;
        if (!set.test(static_cast<std::size_t>(thread))) continue;
        if (!(by_group && processes) && !line.groups.test(1)) continue;
        if (!line.one_each) {
            cpus = line.cpus;
        } else if (by_group && !processes) {
            cpus = nth(line.cpus, position(line.groups, 1));
        } else {
            cpus = nth(line.cpus, position(set, thread));
        }
    }
    return cpus;
}

}  // namespace proxyd::config
