// The columns of the statistics in HAProxy's order (management manual 9.1): tools count on it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proxyd/admin/stat_subject.h"

namespace proxyd::admin {

struct StatColumn {
    std::string_view name;
    unsigned kinds;  // bits 1 << StatKind that have a value
    void (*render)(const StatSubject&, std::string& out);
};

std::span<const StatColumn> stat_columns();
const StatColumn* find_column(std::string_view name);

// "# pxname,svname,...,-,\n"
std::string csv_header();
// One line per subject, with its line end.
void append_csv(const StatSubject& subject, std::string& out);
// Header and all lines.
std::string render_csv(const View& view, const StatFilter& filter);
// Quotes where a comma, a quote or a line end makes it necessary.
void append_csv_text(std::string_view text, std::string& out);

}  // namespace proxyd::admin
