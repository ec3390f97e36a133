// Walks the values of a header field: every line of that name, whole or split at commas outside quotes.
#pragma once

#include <string_view>

#include "proxyd/http/message.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {

// One value of a list ends at the first comma outside double quotes.
inline std::size_t list_value_end(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (text[i] == ',' && !quoted)
            return i;
    }
    return text.size();
}

// The next value after the cursor's position; false at the end. An empty `name` means every field.

bool next_value(const http::Fields& fields, std::string_view name, bool split, Cursor& cursor,
                std::string_view& out);

// HAProxy's occurrence: 1 is the first value, -1 the last, down to -10.
bool value_at(const http::Fields& fields, std::string_view name, bool split, int occurrence,
              std::string_view& out);

}  // namespace proxyd::rules
