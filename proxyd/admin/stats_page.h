// The statistics page: one self-contained HTML document, nothing fetched from elsewhere.
#pragma once

#include <string>

#include "proxyd/admin/stat_subject.h"

namespace proxyd::admin {

struct PageOptions {
    std::string uri;    // of the page itself, for its links
    int refresh_s = 0;  // 0: none
    bool hide_version = false;
    bool show_node = false;
    bool show_legends = false;
    bool only_up = false;  // ";up": leaves out servers that are down
    std::string node, description;
    bool admin = false;                 // servers can be chosen and changed
    std::string_view result;            // of the last change, a sentence; empty: none
    std::vector<std::string> sections;  // stats scope; empty: all
};

std::string render_page(const View& view, const PageOptions& options);

// What the keeper said last, as a sentence: "VRRP on web1: VI_1 MASTER (eth0, 192.0.2.10/24)"; empty without.
std::string keeper_sentence(const View& view);

}  // namespace proxyd::admin
