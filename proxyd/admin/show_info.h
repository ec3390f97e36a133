// `show info`: figures of the process, one row each (management manual 9.3).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proxyd/admin/view.h"

namespace proxyd::admin {

struct InfoRow {
    std::string_view name;
    void (*render)(const View&, std::string& out);
};

std::span<const InfoRow> info_rows();
std::string render_info(const View& view);  // "Name: value" lines

}  // namespace proxyd::admin
