// `mailers` sections and `email-alert` (configuration manual 3.6, 4.2).
#pragma once

#include "proxyd/config/reading.h"

namespace proxyd::config {

void open_mailers(Reading& in, const Statement& line);
// Into Model::mail_alerts, when all sections have their numbers.
void finish_mailers(Reading& in);

}  // namespace proxyd::config
