// `h1-case-adjust`: how names of fields are spelled for peers that look at their case, against RFC 9110
// section 5.1. Filled by config/ before any message passes, then only read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"

namespace proxyd::http {

class CaseMap {
 public:
    // `from` is in lower case, `to` differs from it in case only; a name may be given once.
    common::Result<> add(std::string_view from, std::string_view to);
    // The spelling of a name, whatever its case; itself when none was given.
    std::string_view spelled(std::string_view name) const;

    bool empty() const { return names_.empty(); }

 private:
    std::vector<std::pair<std::string, std::string>> names_;  // sorted by the lower-case form
};

}  // namespace proxyd::http
