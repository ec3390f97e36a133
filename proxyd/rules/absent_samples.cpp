#include "proxyd/rules/absent_samples.h"

#include <algorithm>

namespace proxyd::rules {
namespace {

constexpr std::string_view kDevices = "device detection libraries are not part of this program";
constexpr std::string_view kProfile = "this program does not profile its sessions";
constexpr std::string_view kInside = "it tells of HAProxy's own buffers";
constexpr std::string_view kDistcc = "distcc's protocol is not supported";

constexpr AbsentSample kRows[] = {
    {"51d.all", false, kDevices},
    {"51d.single", true, kDevices},
    {"da-csv-conv", true, kDevices},
    {"cpu_calls", false, kProfile},
    {"cpu_ns_avg", false, kProfile},
    {"cpu_ns_tot", false, kProfile},
    {"lat_ns_avg", false, kProfile},
    {"lat_ns_tot", false, kProfile},
    {"distcc_body", false, kDistcc},
    {"distcc_param", false, kDistcc},
    {"internal.htx.data", false, kInside},
    {"internal.htx.free", false, kInside},
    {"internal.htx.free_data", false, kInside},
    {"internal.htx.has_eom", false, kInside},
    {"internal.htx.nbblks", false, kInside},
    {"internal.htx.size", false, kInside},
    {"internal.htx.used", false, kInside},
    {"internal.htx_blk.data", false, kInside},
    {"internal.htx_blk.hdrname", false, kInside},
    {"internal.htx_blk.hdrval", false, kInside},
    {"internal.htx_blk.size", false, kInside},
    {"internal.htx_blk.start_line", false, kInside},
    {"internal.htx_blk.type", false, kInside},
    {"internal.strm.is_htx", false, kInside},
    {"ssl_fc_npn", false, "ALPN has replaced NPN"},
    {"ssl_bc_npn", false, "ALPN has replaced NPN"},
    {"debug", true, "there are no event buffers to write to"},
};

}  // namespace

std::span<const AbsentSample> absent_samples() {
    return kRows;
}

std::string_view why_absent(std::string_view name, bool converter) {
    const auto* row = std::ranges::find_if(
        kRows, [&](const AbsentSample& each) { return each.name == name && each.converter == converter; });
    return row == std::end(kRows) ? std::string_view() : row->why;
}

}  // namespace proxyd::rules
