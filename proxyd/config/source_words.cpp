#include "proxyd/config/source_words.h"

#include <net/if.h>

#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/address.h"
#include "proxyd/rules/expression.h"

namespace proxyd::config {
namespace {

using Foreign = upstream::SourceSettings::Foreign;

bool is_any(const common::Endpoint& address) {
    return address.port() == 0 && (address.ip() == "0.0.0.0" || address.ip() == "::");
}

// "ADDRESS:10000-20000"; nothing said where there is none.
std::string read_port_range(const std::string& text, upstream::SourceSettings& out) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return {};
    const std::string_view ports = std::string_view(text).substr(colon + 1);
    const std::size_t dash = ports.find('-');
    if (dash == std::string_view::npos) return {};
    const auto first = common::parse_number(ports.substr(0, dash), 1, 65535);
    const auto last = common::parse_number(ports.substr(dash + 1), 1, 65535);
    if (!first || !last || *last < *first) return "'" + std::string(ports) + "' is no range of ports";
    out.first_port = static_cast<int>(*first);
    out.last_port = static_cast<int>(*last);
    return {};
}

// NAME[,OCCURRENCE] of hdr_ip(); the last one by default.
std::string read_header_source(std::string_view arguments, upstream::SourceSettings& out) {
    const auto parts = common::split(arguments, ',');
    const auto occurrence =
        parts.size() == 2 ? common::parse_number(parts[1], -1000, 1000) : common::Result<std::int64_t>(-1);
    if (parts.empty() || parts.size() > 2 || parts[0].empty() || !occurrence)
        return "'hdr_ip' expects (NAME) or (NAME,OCCURRENCE)";
    out.foreign = *occurrence == 0 ? Foreign::none : Foreign::header;
    if (*occurrence == 0) return {};
    auto expression = rules::Expression::parse(
        "req.hdr_ip(" + std::string(parts[0]) + "," + std::to_string(*occurrence) + ")", nullptr,
        rules::kAtConnect);
    if (!expression) return expression.error().text;
    out.header = std::make_shared<const rules::Expression>(std::move(*expression));
    return {};
}

struct WordRow {
    std::string_view name;
    std::string (*read)(const std::string& text, upstream::SourceSettings& out);
};
constexpr WordRow kWords[] = {{"usesrc", read_foreign_source}, {"interface", read_source_interface}};

}  // namespace

std::string read_source_address(const std::string& text, upstream::SourceSettings& out) {
    const auto address = parse_peer_address(text, 0);
    if (!address) return address.error().text;
    out = upstream::SourceSettings();
    out.text = text;
    if (auto complaint = read_port_range(text, out); !complaint.empty()) return complaint;
    if (!address->address.is_ip()) return "'" + text + "' is not an address to connect from";
    if (!is_any(address->address) || out.first_port > 0) out.own = address->address;
    return {};
}

std::string read_foreign_source(const std::string& text, upstream::SourceSettings& out) {
    out.header = nullptr;
    if (text == "client" || text == "clientip") {
        out.foreign = text == "client" ? Foreign::client : Foreign::client_without_port;
        return {};
    }
    constexpr std::string_view kHeader = "hdr_ip(";
    if (text.starts_with(kHeader) && text.ends_with(')'))
        return read_header_source(
            std::string_view(text).substr(kHeader.size(), text.size() - kHeader.size() - 1), out);
    const auto address = parse_peer_address(text, 0);
    if (!address) return "'usesrc' expects client, clientip, hdr_ip(NAME) or an address, not '" + text + "'";
    if (!address->address.is_ip() || is_any(address->address))
        return "'usesrc' cannot show the address '" + text + "'";
    out.foreign = Foreign::address;
    out.foreign_address = address->address;
    return {};
}

std::string read_source_interface(const std::string& text, upstream::SourceSettings& out) {
    if (text.size() >= IFNAMSIZ) return "'" + text + "' is too long for the name of an interface";
    out.interface = text;
    return {};
}

void read_source_line(Reading& in, const Statement& line) {
    upstream::SourceSettings source;
    std::string complaint = read_source_address(line.argument(0), source);
    for (std::size_t i = 1; i < line.count() && complaint.empty(); i += 2) {
        const std::span<const WordRow> rows(kWords);
        const auto* row = common::find_row(rows, line.argument(i));
        if (row == nullptr)
            complaint = "unknown word '" + line.argument(i) + "'" +
                        common::did_you_mean(line.argument(i), common::row_names(rows));
        else if (i + 1 >= line.count())
            complaint = "'" + line.argument(i) + "' expects an argument";
        else
            complaint = row->read(line.argument(i + 1), source);
    }
    if (!complaint.empty()) return in.error(line, "'source': " + complaint);
    in.draft->preset.source = std::move(source);
}

}  // namespace proxyd::config
