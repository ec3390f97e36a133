// The form of the statistics page by which operators change servers (`stats admin`, configuration
// manual 4.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxyd/admin/view.h"

namespace proxyd::admin {

// What a browser sends: b=BACKEND&s=SERVER&s=SERVER&action=WORD.
struct StatsForm {
    std::string backend, action;
    std::vector<std::string> servers;
    bool valid = false;
};
StatsForm parse_stats_form(std::string_view body);

// Does it, and says how it went, as HAProxy does in the address that the browser is sent to (";st=DONE"):
// DONE, PART (some servers are not there), NONE (nothing was asked for), ERRP (not understood).
std::string_view apply_stats_form(const View& view, const StatsForm& form);

// A sentence for the page; empty for an unknown word.
std::string_view form_result_text(std::string_view word);

// After the table of a backend.
void append_form_controls(std::string_view backend, std::string& out);

}  // namespace proxyd::admin
