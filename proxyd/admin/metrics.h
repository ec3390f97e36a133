// The process's figures in the Prometheus text format 0.0.4, under the names of HAProxy's exporter, so that
// dashboards go on working. Each metric is a column of the statistics or a line of `show info` under another
// name.
#pragma once

#include <string>
#include <string_view>

#include "proxyd/admin/view.h"

namespace proxyd::admin {

// `scopes`: which parts to render, any of "global", "frontend", "backend", "server"; empty: all.
struct MetricScopes {
    bool global = true, frontend = true, backend = true, server = true;
    bool only_active = false;  // no-maint: leave out servers in maintenance
};

// From the query of the request: scope=global&scope=server, no-maint.
MetricScopes metric_scopes(std::string_view query);

std::string render_metrics(const View& view, const MetricScopes& scopes);

// A label value: backslash, quote and line feed escaped.
std::string label_text(std::string_view text);

}  // namespace proxyd::admin
