// `log-forward` sections (configuration manual 3.10), and where log lines go in the end.
#include "common/keyword_table.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/log_sections.h"
#include "proxyd/config/side_words.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using observe::ForwardSettings;

ForwardSettings& section(Reading& in) {
    return in.forwards.back().settings;
}

void add_door(Reading& in, const Statement& line, bool datagram) {
    const auto addresses = parse_listen_addresses(line.argument(0));
    if (!addresses) return in.error(line, addresses.error());
    net::BindSettings said;
    said.tls = in.tls.bind;
    if (!read_side_bind(in, line, line.arguments().subspan(1), "doors of log-forward sections", said)) return;
    if (datagram && said.tls.enabled)
        return in.error(line, "'dgram-bind ... ssl': there is no TLS over UDP here");
    for (const ListenAddress& address : *addresses) {
        if (address.address.empty())
            return in.error(line, "'" + line.words.front() + "' expects an address and a port here");
        section(in).doors.push_back({line.where, address.address, datagram, said.tls});
    }
}

void add_stream(Reading& in, const Statement& line) {
    add_door(in, line, false);
}
void add_datagram(Reading& in, const Statement& line) {
    add_door(in, line, true);
}

void set_maxconn(Reading& in, const Statement& line) {
    read_number(in, line, 0, 1, 1'000'000, section(in).maxconn);
}

void set_backlog(Reading& in, const Statement& line) {
    read_number(in, line, 0, 1, 1'000'000, section(in).backlog);
}

void set_timeout(Reading& in, const Statement& line) {
    if (line.argument(0) != "client")
        return in.error(line,
                        "'timeout' of a log-forward section is 'client', not '" + line.argument(0) + "'");
    read_duration(in, line, 1, section(in).timeout_client);
}

constexpr Keyword kKeywords[] = {
    works("bind", kLogForward, 1, -1, add_stream, "<address>:<port> [ssl ...]",
          "takes messages by TCP or TLS"),
    works("dgram-bind", kLogForward, 1, -1, add_datagram, "<address>:<port>", "takes messages by UDP"),
    works("maxconn", kLogForward, 1, 1, set_maxconn, "<number>", "TCP connections at most"),
    works("backlog", kLogForward, 1, 1, set_backlog, "<number>", "length of the queue of new connections"),
    works("timeout", kLogForward, 2, 2, set_timeout, "client <time>", "silent connections are closed"),
};

}  // namespace

std::span<const Keyword> log_forward_keywords() {
    return kKeywords;
}

void open_log_forward(Reading& in, const Statement& line) {
    for (const ForwardDraft& other : in.forwards)
        if (other.settings.name == line.words[1])
            in.error(line, "there is already a log-forward section named '" + line.words[1] + "'");
    ForwardDraft& draft = in.forwards.emplace_back();
    draft.settings.name = line.words[1];
    draft.settings.where = line.where;
}

std::vector<observe::LogTarget> expand_logs(const Reading& in, const std::vector<LogLine>& lines) {
    std::vector<observe::LogTarget> out;
    for (const LogLine& line : lines) {
        if (!line.global) out.push_back(line.target);
        if (line.global)
            for (const LogLine& global : in.global_logs) out.push_back(global.target);
    }
    for (observe::LogTarget& target : out) {
        if (target.kind != observe::LogTarget::Kind::ring) continue;
        const auto ring = in.rings.find(target.ring);
        if (ring == in.rings.end()) continue;  // complained about already
        target.format = ring->second.format;
        target.format_given = true;
        // The line end counts in a line without header, and does not go into the ring.
        const bool bare = target.format == observe::LogTarget::Format::raw;
        target.max_length = ring->second.max_length + (bare ? 1 : 0);
    }
    return out;
}

void finish_log_sections(Reading& in) {
    std::vector<std::string_view> names;
    for (const auto& [name, ring] : in.rings) {
        names.push_back(name);
        in.model.rings.push_back(ring);
    }
    const auto check = [&](const std::vector<LogLine>& lines) {
        for (const LogLine& line : lines) {
            const observe::LogTarget& target = line.target;
            if (line.global || target.kind != observe::LogTarget::Kind::ring ||
                in.rings.contains(target.ring))
                continue;
            in.out.error(target.where, "unable to find ring '" + target.ring + "'" +
                                           common::did_you_mean(target.ring, names));
        }
    };
    check(in.global_logs);
    for (const auto& draft : in.proxies) check(draft->preset.logs);
    for (ForwardDraft& draft : in.forwards) {
        check(draft.logs);
        draft.settings.targets = expand_logs(in, draft.logs);
        if (draft.settings.doors.empty())
            in.out.warning(draft.settings.where, "log-forward '" + draft.settings.name +
                                                     "' has neither 'bind' nor 'dgram-bind': nothing comes");
        in.model.log_forwards.push_back(std::move(draft.settings));
    }
}

}  // namespace proxyd::config
