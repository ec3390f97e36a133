// A FastCGI application as its `fcgi-app` section describes it (configuration manual 10.1.1). Filled by
// config/.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "proxyd/rules/acl.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/rules/regex.h"

namespace proxyd::fcgi {

struct App {
    // `set-param`: what it computes is told under this name, in capitals, unless it is empty.
    struct Param {
        std::string name;
        rules::LogFormat value;
        rules::Condition condition;
    };
    // `pass-header`: a field that is otherwise kept back.
    struct PassedField {
        std::string name;
        rules::Condition condition;
    };

    common::Location where;
    std::string name;
    std::size_t index = 0;  // among the applications
    std::string docroot;
    std::string index_name;                 // `index`; empty: none
    std::optional<rules::Regex> path_info;  // group 1: the script's name, group 2: the path behind it
    bool keep_conn = true;
    std::vector<PassedField> passed;
    std::vector<Param> params;
    rules::AclSet acls;
};

}  // namespace proxyd::fcgi
