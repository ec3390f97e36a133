// `ring` and `log-forward` sections (configuration manual 3.9, 3.10).
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_ring(Reading& in, const Statement& line);
void open_log_forward(Reading& in, const Statement& line);

// Own targets, and those of `global` where a line says so; lines into rings have the ring's form.
std::vector<observe::LogTarget> expand_logs(const Reading& in, const std::vector<LogLine>& lines);

// Into the model.
void finish_log_sections(Reading& in);

}  // namespace proxyd::config
