// `clear counters`: maxima at once; counters by each worker itself, so that none is lost or comes back.
#pragma once

#include "proxyd/admin/view.h"

namespace proxyd::admin {

enum class CounterScope : unsigned char { maxima, all };

void clear_counters(const View& view, CounterScope scope);

}  // namespace proxyd::admin
