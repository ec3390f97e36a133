// Kernel load balancing (LVS): virtual_server_group, virtual_server, SSL and all inside them. proxyd balances
// in this system, so nothing of it is kept: every line is checked as keepalived 2.2.7 checks it, and one
// warning per virtual server says that it is not served.
#pragma once

#include "vrrpd/config/keyword.h"

namespace vrrpd::config {

// What the functions of these tables fill: nothing.
struct LvsBlock {};

void read_virtual_server_group(Call& call, Draft& draft);  // kw_virtual_server.cpp
void read_virtual_server(Call& call, Draft& draft);
void read_ssl(Call& call, Draft& draft);

// When the whole file is read: groups and track files that are named but not defined.
void check_lvs_references(const Draft& draft, common::Diagnostics& diagnostics);

std::span<const Keyword<LvsBlock>> virtual_server_keywords();  // kw_virtual_server.cpp
std::span<const Keyword<LvsBlock>> server_keywords();          // virtual and real servers
std::span<const Keyword<LvsBlock>> real_server_keywords();
std::span<const Keyword<LvsBlock>> ssl_keywords();
std::span<const Keyword<LvsBlock>> check_keywords();  // kw_check.cpp: the checks by name

// What a check block may hold: its own words, and those it has in common with others.
struct CheckBlock {
    std::string_view name;
    std::span<const Keyword<LvsBlock>> own;
};
std::span<const CheckBlock> check_blocks();                // one per check, for the reference
std::span<const Keyword<LvsBlock>> connection_keywords();  // all but MISC_CHECK, BFD_CHECK and FILE_CHECK
std::span<const Keyword<LvsBlock>> pacing_keywords();      // servers, and all but BFD_CHECK and FILE_CHECK

}  // namespace vrrpd::config
