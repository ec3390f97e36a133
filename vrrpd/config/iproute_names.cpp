#include "vrrpd/config/iproute_names.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "common/text.h"

namespace vrrpd::config {
namespace {

struct Fixed {
    NameKind kind;
    std::string_view name;
    std::uint32_t number;
};

// Known without any file. RT_TABLE_*, RTPROT_*, RT_SCOPE_* of <linux/rtnetlink.h>.
constexpr Fixed kFixed[] = {
    {NameKind::table, "main", 254},         {NameKind::table, "local", 255},
    {NameKind::table, "default", 253},      {NameKind::table, "all", 0},
    {NameKind::protocol, "redirect", 1},    {NameKind::protocol, "kernel", 2},
    {NameKind::protocol, "boot", 3},        {NameKind::protocol, "static", 4},
    {NameKind::protocol, "ra", 9},          {NameKind::protocol, "dhcp", 16},
    {NameKind::protocol, "keepalived", 18}, {NameKind::scope, "global", 0},
    {NameKind::scope, "universe", 0},       {NameKind::scope, "site", 200},
    {NameKind::scope, "link", 253},         {NameKind::scope, "host", 254},
    {NameKind::scope, "nowhere", 255},      {NameKind::group, "default", 0},
};

std::string_view file_of(NameKind kind) {
    switch (kind) {
        case NameKind::table:
            return "rt_tables";
        case NameKind::protocol:
            return "rt_protos";
        case NameKind::scope:
            return "rt_scopes";
        case NameKind::realm:
            return "rt_realms";
        case NameKind::tos:
            return "rt_dsfield";
        case NameKind::group:
            return "group";
    }
    return {};
}

std::string content_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<std::uint32_t> find_in_files(NameKind kind, std::string_view name) {
    // Newer distributions keep the files that nobody edits below /usr.
    for (const char* folder : {"/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"}) {
        const std::filesystem::path file = std::filesystem::path(folder) / file_of(kind);
        if (const auto number = find_in_names(content_of(file), name)) return number;
        std::error_code error;
        for (const auto& more : std::filesystem::directory_iterator(file.string() + ".d", error)) {
            if (more.path().extension() != ".conf") continue;
            if (const auto number = find_in_names(content_of(more.path()), name)) return number;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> plain_number(std::string_view text, std::uint64_t highest) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size() || value > highest) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> find_in_names(std::string_view content, std::string_view name) {
    for (std::string_view line : common::split(content, '\n')) {
        line = common::trim(line.substr(0, line.find('#')));
        const auto blank = line.find_first_of(" \t");
        if (blank == std::string_view::npos || common::trim(line.substr(blank)) != name) continue;
        if (const auto number = plain_number(line.substr(0, blank), 0xffffffff))
            return static_cast<std::uint32_t>(*number);
    }
    return std::nullopt;
}

std::optional<std::uint32_t> named_number(NameKind kind, std::string_view text, std::uint32_t highest) {
    if (const auto number = plain_number(text, highest)) return static_cast<std::uint32_t>(*number);
    const auto fixed =
        std::ranges::find_if(kFixed, [&](const Fixed& row) { return row.kind == kind && row.name == text; });
    if (fixed != std::end(kFixed)) return fixed->number;
    const auto found = find_in_files(kind, text);
    return found && *found <= highest ? found : std::nullopt;
}

}  // namespace vrrpd::config
