// Inside the helper process (helper_process.h): its loop and the birth of its children. For
// helper_process.cpp only.
#pragma once

#include <span>
#include <string>

#include "common/process/helper_process.h"
#include "common/unique_fd.h"

namespace common::process {

// The life of the helper process; serves `socket` until its peer is gone and no job is left.
[[noreturn]] void run_helper(const char* name, UniqueFd socket, std::span<const HelperTask> tasks);

// In a fresh child: everything between fork and exec, then the job. What goes wrong is written to `report`.
[[noreturn]] void run_job(const HelperJob& job, UniqueFd report, std::span<const HelperTask> tasks);

// First byte of what a child writes to `report`; the text follows.
inline constexpr char kReportNotRun = 'N', kReportTask = 'T';

}  // namespace common::process
