// `resolvers` sections (configuration manual 5.3.2).
#include <fstream>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/resolvers.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using upstream::ResolversSettings;
using Hold = ResolversSettings::Hold;

constexpr int kDnsPort = 53;

ResolversSettings& section(Reading& in) {
    return *in.resolvers[in.section_name];
}

void add_nameserver(Reading& in, const Statement& line) {
    const auto address = parse_peer_address(line.argument(1), kDnsPort);
    if (!address) return in.error(line, address.error());
    if (!address->address.is_ip()) return in.error(line, "'nameserver' expects an address and a port");
    for (const auto& other : section(in).nameservers)
        if (other.name == line.argument(0))
            return in.error(line, "there is a nameserver '" + other.name + "' in this section already");
    section(in).nameservers.push_back({line.argument(0), address->address, !address->datagram});
}

// The lines `nameserver ADDRESS` of /etc/resolv.conf, under their addresses' names.
std::vector<ResolversSettings::Nameserver> system_nameservers() {
    std::vector<ResolversSettings::Nameserver> out;
    std::ifstream file("/etc/resolv.conf");
    for (std::string text; std::getline(file, text);) {
        std::string_view line = common::trim(text);
        if (!line.starts_with("nameserver")) continue;
        line = common::trim(line.substr(std::string_view("nameserver").size()));
        if (const auto end = line.find_first_of(" \t#;"); end != std::string_view::npos)
            line = line.substr(0, end);
        if (const auto address = common::Endpoint::from_ip(line, kDnsPort))
            out.push_back({std::string(line), *address, false});
    }
    return out;
}

void parse_resolv_conf(Reading& in, const Statement& line) {
    const auto found = system_nameservers();
    if (found.empty()) in.warning(line, "'parse-resolv-conf': /etc/resolv.conf names no name server");
    auto& servers = section(in).nameservers;
    servers.insert(servers.end(), found.begin(), found.end());
}

struct HoldRow {
    std::string_view name;
    common::Duration Hold::* member;
};
constexpr HoldRow kHolds[] = {{"nx", &Hold::nx},           {"obsolete", &Hold::obsolete},
                              {"other", &Hold::other},     {"refused", &Hold::refused},
                              {"timeout", &Hold::timeout}, {"valid", &Hold::valid}};

void set_hold(Reading& in, const Statement& line) {
    const HoldRow* row = common::find_row(std::span<const HoldRow>(kHolds), line.argument(0));
    if (row == nullptr)
        return in.error(line, "'hold': unknown state '" + line.argument(0) + "'" +
                                  common::did_you_mean(line.argument(0),
                                                       common::row_names(std::span<const HoldRow>(kHolds))));
    read_duration(in, line, 1, section(in).hold.*row->member);
}

void set_timeout(Reading& in, const Statement& line) {
    const std::string& event = line.argument(0);
    if (event != "resolve" && event != "retry")
        return in.error(line,
                        "'timeout' of a resolvers section is 'resolve' or 'retry', not '" + event + "'");
    common::Duration& value = event == "retry" ? section(in).timeout_retry : section(in).timeout_resolve;
    if (!read_duration(in, line, 1, value)) return;
    if (value.count() == 0) in.error(line, "'timeout " + event + "' cannot be 0");
}

void set_retries(Reading& in, const Statement& line) {
    read_number(in, line, 0, 1, 1'000'000, section(in).retries);
}

void set_payload_size(Reading& in, const Statement& line) {
    read_number(in, line, 0, 512, 65535, section(in).payload_size);
}

constexpr Keyword kKeywords[] = {
    works("accepted_payload_size", kResolvers, 1, 1, set_payload_size, "<512..65535>",
          "longest answer taken"),
    works("hold", kResolvers, 2, 2, set_hold, "<state> <time>", "how long the last answer counts"),
    works("nameserver", kResolvers, 2, -1, add_nameserver, "<name> <address>[:<port>]", "whom to ask"),
    works("parse-resolv-conf", kResolvers, 0, 0, parse_resolv_conf, "", "the name servers of the system"),
    works("resolve_retries", kResolvers, 1, 1, set_retries, "<number>", "queries until nobody answers"),
    works("timeout", kResolvers, 2, 2, set_timeout, "resolve|retry <time>", "between queries"),
};

}  // namespace

std::span<const Keyword> resolvers_keywords() {
    return kKeywords;
}

void open_resolvers(Reading& in, const Statement& line) {
    auto& section = in.resolvers[line.words[1]];
    if (section != nullptr) {
        in.error(line, "there is already a resolvers section named '" + line.words[1] + "'");
        in.skip_section = true;
        return;
    }
    section = std::make_shared<ResolversSettings>();
    section->name = line.words[1];
    section->where = line.where;
    in.model.resolvers.push_back(section);
}

namespace {

// The section that a line names; null after a complaint.
std::shared_ptr<const ResolversSettings> find_resolvers(Reading& in, const std::string& name,
                                                        common::Location where, const std::string& who) {
    const auto found = in.resolvers.find(name);
    if (found != in.resolvers.end() && found->second != nullptr) return found->second;
    std::vector<std::string_view> names;
    for (const auto& [other, section] : in.resolvers)
        if (section != nullptr) names.push_back(other);
    in.out.error(where, who + ": unable to find required resolvers '" + name + "'" +
                            common::did_you_mean(name, names));
    return nullptr;
}

}  // namespace

void finish_resolvers(Reading& in, upstream::BackendSettings& backend) {
    for (upstream::ServerSettings& server : backend.servers) {
        if (!server.resolvers_name.empty())
            server.resolvers =
                find_resolvers(in, server.resolvers_name, server.where, "server '" + server.name + "'");
        else if (server.is_service() && server.written_as_name)
            in.out.error(server.where, "server '" + server.name + "': the SRV record '" + server.host +
                                           "' needs 'resolvers <section>'");
    }
}

// Without one of that name the system's name servers are the section 'default'.
void add_default_resolvers(Reading& in) {
    auto& section = in.resolvers["default"];
    if (section != nullptr) return;
    section = std::make_shared<ResolversSettings>();
    section->name = "default";
    section->nameservers = system_nameservers();
    if (section->nameservers.empty())
        section.reset();
    else
        in.model.resolvers.push_back(section);
}

void check_resolvers(Reading& in) {
    for (const auto& [name, section] : in.resolvers)
        if (section != nullptr && section->nameservers.empty())
            in.out.warning(section->where, "resolvers section '" + name + "' has no nameserver");
    for (const auto& mention : in.model.catalogue->resolvers)
        (void)find_resolvers(in, mention.name, mention.where, "'do-resolve'");
}

}  // namespace proxyd::config
