// The table of sections: what a section's first line looks like and who opens it.
#pragma once

#include <span>
#include <string_view>

#include "proxyd/config/keyword.h"

namespace proxyd::config {

enum class SectionName : unsigned char { none, optional, required };

struct SectionKind {
    std::string_view name;
    Sections bit;
    SectionName naming;
    void (*open)(Reading& in, const Statement& line);  // may be null: nothing to prepare
    std::string_view no_effect;                        // empty: it works
    std::string_view help;
};

std::span<const SectionKind> section_kinds();

// Ends the open section and begins another.
void open_section(Reading& in, const SectionKind& kind, const Statement& line);

}  // namespace proxyd::config
