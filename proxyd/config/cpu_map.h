// `cpu-map` and `cpu-set` (configuration manual 3.1): which processors the workers may use. Pure.
#pragma once

#include <bitset>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace proxyd::config {

inline constexpr int kMappedThreads = 64, kMostCpus = 1024;
using ThreadSet = std::bitset<kMappedThreads + 1>;  // from 1
using CpuSet = std::bitset<kMostCpus>;

// One line: its groups (or processes, in files with nbproc), their threads and processors.
struct CpuMap {
    ThreadSet groups, threads;
    bool threads_named = false;  // "1/1-4", not "1"
    bool one_each = false;       // auto: the first thread gets the first processor, and so on
    CpuSet cpus;
};

common::Result<ThreadSet> parse_thread_set(std::string_view text);         // all, odd, even, 3, 1-4, 2-
common::Result<CpuSet> parse_cpu_set(std::span<const std::string> words);  // "0-3" "8,9" "12-"
common::Result<CpuMap> parse_cpu_map(std::span<const std::string> words);

// Of thread 1 and up. Later lines replace earlier ones. `processes`: the file has nbproc, and what a line
// says of a process concerns a thread. Empty: any processor.
CpuSet cpus_of_thread(std::span<const CpuMap> lines, int thread, bool processes);

}  // namespace proxyd::config
