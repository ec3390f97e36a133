// What global says of the process itself: processors, niceness, core files.
#pragma once

#include "proxyd/config/model.h"

namespace proxyd::main {

// cpu-set: the processors of all threads that begin from now on. Before workers are counted.
void limit_processors(const config::Global& global);

// tune.renice.startup; returns the niceness to serve with, if it is to change.
std::optional<int> begin_start(const config::Global& global);
// Of the calling thread and of those that it starts later; complaints are logged.
void set_niceness(std::optional<int> level);

// After the change of user, which forbids core files.
void allow_core_files(const config::Global& global);

// cpu-map: the processors of a worker, counted from 0; empty: any.
config::CpuSet cpus_of_worker(const config::Global& global, int worker);
void bind_this_thread(const config::CpuSet& cpus);

}  // namespace proxyd::main
