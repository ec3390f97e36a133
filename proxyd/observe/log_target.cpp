// Reads the words of a `log` line.
#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/observe/log_names.h"

namespace proxyd::observe {
namespace {

using common::Side;

template <std::size_t N>
int position(const std::array<std::string_view, N>& names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

common::Result<> parse_descriptor(std::string_view text, LogTarget& out) {
    auto number = common::parse_number(text, 0, 65535);
    if (!number) return common::fail("the descriptor of 'fd@': " + number.error().text, Side::config);
    out.kind = LogTarget::Kind::descriptor;
    out.descriptor = static_cast<int>(*number);
    return {};
}

common::Result<> parse_socket_path(std::string_view path, LogTarget& out) {
    auto endpoint = common::Endpoint::from_unix(path);
    if (!endpoint) return std::unexpected(endpoint.error());
    out.kind = LogTarget::Kind::unix_datagram;
    out.address = *endpoint;
    return {};
}

// IP, IP:PORT, [IPV6]:PORT, IPV6, IPV6:PORT (the port follows the last colon when the whole is no address),
// NAME[:PORT].
common::Result<> parse_internet(std::string_view text, LogTarget& out) {
    out.kind = LogTarget::Kind::udp;
    if (auto whole = common::Endpoint::from_ip(text, 514)) {
        out.address = *whole;
        return {};
    }
    const auto colon = text.rfind(':');
    const std::string_view host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
        auto port = common::parse_number(text.substr(colon + 1), 1, 65535);
        if (!port)
            return common::fail("the port in '" + std::string(text) + "': " + port.error().text,
                                Side::config);
        out.port = static_cast<std::uint16_t>(*port);
    }
    if (auto address = common::Endpoint::from_ip(host, out.port)) {
        out.address = *address;
        return {};
    }
    const bool is_name = !host.empty() && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_';
    });
    if (!is_name)
        return common::fail(
            "'" + std::string(text) +
                "' is no log address (IP[:PORT], NAME[:PORT], /PATH, stdout, stderr, fd@N, file@/PATH)",
            Side::config);
    out.host = host;
    return {};
}

common::Result<> parse_file(std::string_view path, LogTarget& out) {
    if (!path.starts_with('/'))
        return common::fail("'file@' needs an absolute path, not '" + std::string(path) + "'", Side::config);
    out.kind = LogTarget::Kind::file;
    out.path = path;
    return {};
}

common::Result<> parse_ring(std::string_view name, LogTarget& out) {
    if (name.empty()) return common::fail("'ring@' needs the name of a ring section", Side::config);
    out.kind = LogTarget::Kind::ring;
    out.ring = name;
    return {};
}

struct PrefixRow {
    std::string_view prefix;
    common::Result<> (*parse)(std::string_view, LogTarget&);
};
constexpr std::array kPrefixes{
    PrefixRow{"fd@", parse_descriptor},    PrefixRow{"file@", parse_file},
    PrefixRow{"unix@", parse_socket_path}, PrefixRow{"udp@", parse_internet},
    PrefixRow{"udp4@", parse_internet},    PrefixRow{"udp6@", parse_internet},
    PrefixRow{"ipv4@", parse_internet},    PrefixRow{"ipv6@", parse_internet},
    PrefixRow{"ring@", parse_ring},
};

common::Result<> parse_address(std::string_view text, LogTarget& out) {
    if (text == "stdout") return parse_descriptor("1", out);
    if (text == "stderr") return parse_descriptor("2", out);
    for (const PrefixRow& row : kPrefixes)
        if (text.starts_with(row.prefix)) return row.parse(text.substr(row.prefix.size()), out);
    if (text.starts_with("tcp"))
        return common::fail("'" + std::string(text) +
                                "': lines go by TCP through a ring section with a server line (ring@NAME)",
                            Side::config);
    if (text.find('/') != std::string_view::npos) return parse_socket_path(text, out);
    return parse_internet(text, out);
}

// "1,3-5:8"
common::Result<> parse_sample(std::string_view text, LogTarget& out) {
    const auto bad = [&] {
        return common::fail("'" + std::string(text) + "' is no sample (RANGES:SIZE, such as 1,3-5:8)",
                            Side::config);
    };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad();
    const auto size = common::parse_number(text.substr(colon + 1), 1, 1'000'000);
    if (!size) return bad();
    out.sample_size = static_cast<int>(*size);
    for (std::string_view range : common::split(text.substr(0, colon), ',')) {
        const auto dash = range.find('-');
        const auto low = common::parse_number(range.substr(0, dash), 1, *size);
        const auto high =
            dash == std::string_view::npos ? low : common::parse_number(range.substr(dash + 1), 1, *size);
        if (!low || !high || *low > *high) return bad();
        out.sample_ranges.emplace_back(static_cast<int>(*low), static_cast<int>(*high));
    }
    return {};
}

common::Result<> parse_length(std::string_view text, LogTarget& out) {
    const auto length = common::parse_number(text, 80, 65535);
    if (!length) return common::fail("the length of log lines: " + length.error().text, Side::config);
    out.max_length = static_cast<std::size_t>(*length);
    return {};
}

common::Result<> parse_format(std::string_view text, LogTarget& out) {
    const auto* row = common::find_row(std::span<const FormatRow>(kFormats), text);
    if (row == nullptr)
        return common::fail(
            "unknown log format '" + std::string(text) + "'" +
                common::did_you_mean(text, common::row_names(std::span<const FormatRow>(kFormats))),
            Side::config);
    out.format = row->format;
    out.format_given = true;
    return {};
}

// The section may follow: config/ finds it.
common::Result<> parse_profile(std::string_view text, LogTarget& out) {
    out.profile_name = text;
    return {};
}

struct OptionRow {
    std::string_view name;
    common::Result<> (*parse)(std::string_view, LogTarget&);
};
constexpr std::array kOptions{
    OptionRow{"len", parse_length},
    OptionRow{"format", parse_format},
    OptionRow{"sample", parse_sample},
    OptionRow{"profile", parse_profile},
};

common::Result<int> parse_level(std::string_view text) {
    const int level = level_number(text);
    if (level < 0)
        return common::fail(
            "unknown log level '" + std::string(text) + "'" + common::did_you_mean(text, kLevels),
            Side::config);
    return level;
}

// FACILITY [LEVEL [MINLEVEL]]
common::Result<> parse_priorities(std::span<const std::string> words, LogTarget& out) {
    if (words.empty())
        return common::fail("a facility is missing after the log address (such as local0)", Side::config);
    out.facility = facility_number(words[0]);
    if (out.facility < 0)
        return common::fail(
            "unknown log facility '" + words[0] + "'" + common::did_you_mean(words[0], kFacilities),
            Side::config);
    if (words.size() > 3)
        return common::fail("'" + words[3] + "' is not expected after the log levels", Side::config);
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto level = parse_level(words[i]);
        if (!level) return std::unexpected(level.error());
        (i == 1 ? out.max_level : out.min_level) = *level;
    }
    return {};
}

}  // namespace

int facility_number(std::string_view name) {
    return position(kFacilities, name);
}

int level_number(std::string_view name) {
    return position(kLevels, name);
}

common::Result<LogTarget> parse_log_target(std::span<const std::string> words, common::Location where) {
    LogTarget out;
    out.where = where;
    if (words.empty()) return common::fail("'log' needs an address and a facility", Side::config);
    if (auto address = parse_address(words[0], out); !address) return std::unexpected(address.error());
    words = words.subspan(1);
    while (!words.empty()) {
        const auto* option = common::find_row(std::span<const OptionRow>(kOptions), words[0]);
        if (option == nullptr) break;
        if (words.size() < 2)
            return common::fail("'" + std::string(option->name) + "' needs a word after it", Side::config);
        if (auto parsed = option->parse(words[1], out); !parsed) return std::unexpected(parsed.error());
        words = words.subspan(2);
    }
    if (auto priorities = parse_priorities(words, out); !priorities)
        return std::unexpected(priorities.error());
    return out;
}

}  // namespace proxyd::observe
