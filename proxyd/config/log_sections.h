// `ring` and `log-forward` sections (configuration manual 3.9, 3.10).
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_ring(Reading& in, const Statement& line);
void open_log_forward(Reading& in, const Statement& line);

void open_log_profile(Reading& in, const Statement& line);
// The profiles that targets name, which may follow.
void give_log_profiles(Reading& in, std::vector<observe::LogTarget>& targets);
void check_log_profiles(Reading& in);

// Own targets, and those of `global` where a line says so; lines into rings have the ring's form.
std::vector<observe::LogTarget> expand_logs(const Reading& in, const std::vector<LogLine>& lines);

// Into the model.
void finish_log_sections(Reading& in);

}  // namespace proxyd::config
