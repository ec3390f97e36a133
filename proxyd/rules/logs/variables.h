// The table of `%variables` (configuration manual 8.2.6): one row and one function each. Internal to the
// rules room.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proxyd/rules/context.h"
#include "proxyd/rules/logs/encode.h"

namespace proxyd::rules {

// Flags of one variable: %{+Q}, %{+E}, %{+X}, and +json, +cbor, +bin of HAProxy 3.0; `dash`: what is missing
// becomes "-" (log lines).
struct RenderOptions {
    bool quote = false;
    bool escape = false;
    bool hex = false;
    bool dash = false;
    bool binary = false;  // CBOR as it is instead of in hexadecimal digits
    Encoding encoding = Encoding::none;
};

struct VariableRow {
    std::string_view name;
    void (*render)(const Context&, const RenderOptions&, std::string& out);
    std::string_view help;
    bool vanishes = false;  // when it renders nothing, one of the blanks around it goes too
    bool numeric = false;   // a number when encoded
};

std::span<const VariableRow> log_variables();

// Building blocks that expressions use too.
// Text with quotes and escapes as asked, or "-" when it is empty.
void render_text(std::string_view text, const RenderOptions& options, std::string& out);
// As text, and control bytes as #XX: samples come from clients and must not start new lines.
void render_sample_text(std::string_view text, const RenderOptions& options, std::string& out);
// Control bytes but tab as %XX: for header values.
void render_header_text(std::string_view text, std::string& out);

// Differences of timestamps, in whole milliseconds, cut as HAProxy cuts them; -1 when not reached
// (manual 8.4).
struct LogTimes {
    std::int64_t th, ti, tr_request, tq, tw, tc, tr_response, ta, td, tt, tu;
};
LogTimes log_times(const Context& context);

}  // namespace proxyd::rules
