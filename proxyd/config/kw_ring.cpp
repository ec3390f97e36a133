// `ring` sections (configuration manual 3.9).
#include <algorithm>

#include "common/keyword_table.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/log_sections.h"
#include "proxyd/config/side_words.h"
#include "proxyd/config/tables.h"
#include "proxyd/observe/log_names.h"

namespace proxyd::config {
namespace {

using observe::RingSettings;

constexpr std::size_t kLeastSize = 16384;

RingSettings& section(Reading& in) {
    return in.rings[in.section_name];
}

void set_description(Reading& in, const Statement& line) {
    section(in).description = line.argument(0);
}

void set_format(Reading& in, const Statement& line) {
    const std::span<const observe::FormatRow> rows(observe::kFormats);
    const auto* row = common::find_row(rows, line.argument(0));
    if (row == nullptr)
        return in.error(line, "unknown log format '" + line.argument(0) + "'" +
                                  common::did_you_mean(line.argument(0), common::row_names(rows)));
    section(in).format = row->format;
}

void set_max_length(Reading& in, const Statement& line) {
    int length = 0;
    if (read_number(in, line, 0, 80, 65535, length))
        section(in).max_length = static_cast<std::size_t>(length);
}

void set_size(Reading& in, const Statement& line) {
    const auto size = common::parse_size(line.argument(0));
    if (!size) return in.error(line, size.error());
    if (*size < kLeastSize)
        return in.warning(line, "'size " + line.argument(0) + "' is ignored: a ring has at least " +
                                    std::to_string(kLeastSize) + " bytes");
    section(in).size = static_cast<std::size_t>(*size);
}

void set_timeout(Reading& in, const Statement& line) {
    const std::string& event = line.argument(0);
    if (event != "connect" && event != "server")
        return in.error(line, "'timeout' of a ring section is 'connect' or 'server', not '" + event + "'");
    read_duration(in, line, 1, event == "server" ? section(in).timeout_server : section(in).timeout_connect);
}

// Takes `log-proto` out of the words; false after a complaint.
bool take_protocol(Reading& in, const Statement& line, std::vector<std::string>& words,
                   RingSettings::Server& server) {
    const auto word = std::ranges::find(words, "log-proto");
    if (word == words.end()) return true;
    const std::string proto = word + 1 != words.end() ? *(word + 1) : std::string();
    if (proto != "octet-count" && proto != "legacy") {
        in.error(line, "'log-proto' is 'legacy' or 'octet-count', not '" + proto + "'");
        return false;
    }
    server.octet_count = proto == "octet-count";
    words.erase(word, word + 2);
    return true;
}

void set_backing_file(Reading& in, const Statement& line) {
    section(in).backing_file = line.argument(0);
}

void add_server(Reading& in, const Statement& line) {
    const auto address = parse_server_address(line.argument(1));
    if (!address) return in.error(line, address.error());
    if (address->address.empty() || (address->address.is_ip() && address->port == 0))
        return in.error(
            line, "'server' of a ring section expects an address and a port, not '" + line.argument(1) + "'");
    RingSettings::Server server;
    server.name = line.argument(0);
    server.address = address->address;
    std::vector<std::string> words(line.arguments().begin() + 2, line.arguments().end());
    if (!take_protocol(in, line, words, server)) return;
    upstream::ServerSettings said;
    said.tls_client = in.tls.server;
    if (!read_side_server(in, line, words, "connections of rings", said)) return;
    server.tls = side_tls(said);
    server.server_name = side_server_name(said);
    section(in).servers.push_back(std::move(server));
}

constexpr Keyword kKeywords[] = {
    works("description", kRing, 1, 1, set_description, "<text>", "what 'show events' says of it"),
    works("format", kRing, 1, 1, set_format, "<format>", "of its lines, whatever 'log' lines say"),
    works("maxlen", kRing, 1, 1, set_max_length, "<bytes>", "longer lines are cut"),
    works("size", kRing, 1, 1, set_size, "<bytes>", "memory for its lines"),
    works("timeout", kRing, 2, 2, set_timeout, "connect <time>", "until a server must be connected"),
    works("timeout", kRing, 2, 2, set_timeout, "server <time>", "how long a server may take nothing"),
    works("server", kRing, 2, -1, add_server,
          "<name> <address>:<port> [log-proto legacy|octet-count] [ssl ...]",
          "a syslog server that gets its lines by TCP or TLS"),
    works("backing-file", kRing, 1, 1, set_backing_file, "<path>",
          "its latest lines stay in this file when the process is gone"),
};

}  // namespace

std::span<const Keyword> ring_keywords() {
    return kKeywords;
}

void open_ring(Reading& in, const Statement& line) {
    const auto [it, added] = in.rings.try_emplace(line.words[1]);
    if (!added) {
        in.error(line, "there is already a ring named '" + line.words[1] + "'");
        in.skip_section = true;
        return;
    }
    it->second.name = it->second.description = line.words[1];
    it->second.where = line.where;
}

}  // namespace proxyd::config
