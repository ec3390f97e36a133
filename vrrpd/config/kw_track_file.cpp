// track_file NAME { ... }
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

constexpr std::int64_t kMost =
    2147483647;  // keepalived's, for real servers; more than 254 moves all there is

void read_file(Call& call, TrackFile& file) {
    auto path = call.text();
    if (!path) return;
    if (!path->starts_with('/')) return call.warn("'" + *path + "' does not begin with '/': ignored");
    file.path = std::move(*path);
}

void read_weight(Call& call, TrackFile& file) {
    const auto value = call.number(-kMost, kMost);
    if (value) file.weight = static_cast<int>(*value);
    if (!call.has(2)) return;
    if (call.word(2) == "reverse")
        file.reverse = true;
    else
        call.warn("'" + call.word(2) + "' is not understood; expected reverse");
}

void read_init(Call& call, TrackFile& file) {
    file.init = 0;
    for (std::size_t i = 1; i <= call.count(); ++i) {
        if (call.word(i) == "overwrite") {
            file.overwrite = true;
        } else if (const auto value = call.number(-kMost, kMost, i)) {
            file.init = static_cast<int>(*value);
        }
    }
}

constexpr Keyword<TrackFile> kKeywords[] = {
    {"file", read_file, Effect::full, "\"PATH\" of the file; missing or without a number: 0 (required)"},
    {"weight", read_weight, Effect::full,
     "N [reverse]: the number is multiplied by it; default 1; 0: a number other than 0 is FAULT"},
    {"init_file", read_init, Effect::full,
     "[VALUE] [overwrite]: written at the start where there is no file; overwrite: in any case"},
};

}  // namespace

std::span<const Keyword<TrackFile>> track_file_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
