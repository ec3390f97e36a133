// Lists in header fields (RFC 9110 section 5.6.1).
#pragma once

#include <string_view>

#include "common/text.h"
#include "proxyd/http/chars.h"
#include "proxyd/http/message.h"

namespace proxyd::http {

// Calls `use(element)` for each comma-separated element of all fields of a name, trimmed; empty ones are
// none.
template <class Use>
void for_each_element(const Fields& fields, std::string_view name, Use use) {
    for (const Field& field : fields.all()) {
        if (!common::iequals(field.name, name)) continue;
        for (std::string_view rest = field.value; !rest.empty();)
            if (const auto element = next_element(rest); !element.empty()) use(element);
    }
}

}  // namespace proxyd::http
