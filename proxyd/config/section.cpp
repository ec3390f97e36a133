#include "proxyd/config/section.h"

#include <algorithm>
#include <array>

#include "proxyd/config/bind_line.h"
#include "proxyd/config/caches.h"
#include "proxyd/config/certificates.h"
#include "proxyd/config/fcgi_apps.h"
#include "proxyd/config/http_errors.h"
#include "proxyd/config/log_sections.h"
#include "proxyd/config/mailers_section.h"
#include "proxyd/config/peers_section.h"
#include "proxyd/config/program_section.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/resolvers.h"

namespace proxyd::config {
namespace {

// Letters, digits, '-', '_', '.' and ':' (configuration manual, chapter 4).
bool valid_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_.:").contains(c);
    });
}

// `from NAME` at the end of the line, else the defaults section read last.
void inherit(Reading& in, Draft& draft, const Statement& line, std::size_t from_at) {
    draft.defaults = in.implicit_defaults;
    if (from_at < line.words.size()) {
        draft.explicit_from = true;
        const std::string& wanted = line.words[from_at + 1];
        const auto same = [&](const auto& candidate) { return candidate->name == wanted; };
        const auto count = std::ranges::count_if(in.defaults, same);
        if (count == 0)
            in.error(line, "there is no defaults section named '" + wanted + "' before this line");
        if (count > 1)
            in.error(line,
                     "there are " + std::to_string(count) + " defaults sections named '" + wanted + "'");
        const auto it = std::ranges::find_if(in.defaults, same);
        draft.defaults = it == in.defaults.end() ? nullptr : it->get();
    } else if (draft.kind == kDefaults) {
        draft.defaults = nullptr;  // resets everything
    }
    draft.settings->acls = rules::AclSet(in.model.catalogue);
    draft.settings->http_mode = false;  // `mode tcp` until a line says otherwise
    draft.preset.default_server.tls_client = in.tls.server;
    if (draft.defaults == nullptr) return;
    static_cast<session::InheritedSettings&>(*draft.settings) = *draft.defaults->settings;
    draft.preset = draft.defaults->preset;
    draft.settings->http_request =
        draft.defaults->settings->http_request;  // rules of named defaults run first
    draft.settings->http_response = draft.defaults->settings->http_response;
    draft.settings->http_after_response = draft.defaults->settings->http_after_response;
    draft.settings->tcp_connection = draft.defaults->settings->tcp_connection;
    draft.settings->tcp_session = draft.defaults->settings->tcp_session;
    draft.settings->tcp_content = draft.defaults->settings->tcp_content;
    draft.settings->tcp_response = draft.defaults->settings->tcp_response;
    draft.preset.stats_from_defaults = draft.settings->stats.enabled;
    draft.preset.checks_from_defaults = draft.preset.http_checks_from_defaults = true;
}

// The word `from` with a name after it, or the number of words.
std::size_t find_from(const Statement& line) {
    const std::size_t count = line.words.size();
    return count >= 3 && line.words[count - 2] == "from" ? count - 2 : count;
}

void open_defaults(Reading& in, const Statement& line) {
    const std::size_t from = find_from(line);
    auto draft = std::make_unique<Draft>();
    draft->kind = kDefaults;
    draft->where = line.where;
    if (from > 1) draft->name = line.words[1];
    if (from > 2) in.error(line, "'defaults' expects [NAME] [from NAME], unexpected '" + line.words[2] + "'");
    inherit(in, *draft, line, from);
    in.draft = draft.get();
    in.implicit_defaults = draft.get();
    in.defaults.push_back(std::move(draft));
}

void open_proxy(Reading& in, const Statement& line) {
    const std::size_t from = find_from(line);
    auto draft = std::make_unique<Draft>();
    draft->kind = in.section->bit;
    draft->name = line.words[1];
    draft->where = line.where;
    if (!valid_name(draft->name))
        in.error(line, "the name '" + draft->name +
                           "' may only hold letters, digits, '-', '_', '.' and ':' (configuration manual 4)");
    inherit(in, *draft, line, from);
    session::ProxySettings& settings = *draft->settings;
    settings.where = line.where;
    settings.name = draft->name;
    settings.is_frontend = (draft->kind & (kFrontend | kListen)) != 0;
    settings.is_backend = (draft->kind & (kBackend | kListen)) != 0;
    settings.upstream.name = draft->name;
    in.draft = draft.get();
    in.model.catalogue->acls = &settings.acls;
    in.model.catalogue->captures = settings.is_frontend ? &settings.captures : nullptr;
    in.model.catalogue->sides =
        (settings.is_frontend ? rules::kFrontPlaces : 0) | (settings.is_backend ? rules::kBackPlaces : 0);
    in.proxies.push_back(std::move(draft));
    if (from <= 2) return;
    if (in.draft->kind == kBackend) {
        in.error(line, "'backend' expects NAME [from NAME], unexpected '" + line.words[2] + "'");
        return;
    }
    // Without a port nothing was ever opened: the address, and what else stands there, is a remark.
    if (line.words[2].find(':') == std::string::npos && !line.words[2].starts_with('/')) {
        in.no_effect(line, "'" + line.words[2] + "' after the section's name",
                     "it has no port; addresses are given by 'bind' lines");
        return;
    }
    in.warning(line,
               "an address after the section's name was removed from HAProxy and still works here; write "
               "'bind " +
                   line.words[2] + "' on a line of its own");
    Statement bind{
        {line.words.begin() + 1, line.words.begin() + static_cast<std::ptrdiff_t>(from)}, 1, line.where};
    bind.words[0] = "bind";
    read_bind_line(in, bind);
}

void open_userlist(Reading& in, const Statement& line) {
    auto& list = in.model.catalogue->users[line.words[1]];
    if (list == nullptr) list = std::make_shared<rules::UserList>();
    if (list->declared.line != 0) {
        in.warning(line, "there is already a userlist named '" + line.words[1] + "': this one is ignored");
        in.skip_section = true;
        return;
    }
    list->declared = line.where;
}

constexpr auto kNoName = SectionName::none;
constexpr auto kMayName = SectionName::optional;
constexpr auto kMustName = SectionName::required;

constexpr std::array kSections{
    SectionKind{"global", kGlobal, kNoName, nullptr, "",
                "settings of the whole process; may come several times"},
    SectionKind{"defaults", kDefaults, kMayName, open_defaults, "", "what the sections after it start with"},
    SectionKind{"frontend", kFrontend, kMustName, open_proxy, "", "addresses that accept clients"},
    SectionKind{"listen", kListen, kMustName, open_proxy, "", "a frontend and a backend in one"},
    SectionKind{"backend", kBackend, kMustName, open_proxy, "", "servers that clients are sent to"},
    SectionKind{"userlist", kUserlist, kMustName, open_userlist, "", "users and groups for http_auth()"},
    SectionKind{"peers", kPeers, kMustName, open_peers, "", "processes that share stick tables"},
    SectionKind{"resolvers", kResolvers, kMustName, open_resolvers, "", "name servers for host names"},
    SectionKind{"mailers", kMailers, kMustName, open_mailers, "", "mail servers for alerts"},
    SectionKind{"cache", kCache, kMustName, open_cache, "", "storage for responses"},
    SectionKind{"program", kProgram, kMustName, open_program, "", "a program that the master of -W starts"},
    SectionKind{"http-errors", kHttpErrors, kMustName, open_http_errors, "",
                "a set of error pages for errorfiles"},
    SectionKind{"ring", kRing, kMustName, open_ring, "", "a buffer of log lines"},
    SectionKind{"log-forward", kLogForward, kMustName, open_log_forward, "", "a syslog relay"},
    SectionKind{"crt-store", kCrtStore, kMayName, open_crt_store, "", "certificates under names"},
    SectionKind{"fcgi-app", kFcgiApp, kMustName, open_fcgi_app, "", "a FastCGI application"},
    SectionKind{"traces", kTraces, kNoName, nullptr, "this program has no traces of that kind",
                "debugging traces"},
    SectionKind{"log-profile", kLogProfile, kMustName, open_log_profile, "", "log formats by step"},
    SectionKind{"acme", kAcme, kMustName, nullptr, kNoAcme, "certificates from an ACME authority"},
};

}  // namespace

std::span<const SectionKind> section_kinds() {
    return kSections;
}

void open_section(Reading& in, const SectionKind& kind, const Statement& line) {
    in.section = &kind;
    in.section_where = line.where;
    in.section_name = line.words.size() > 1 ? line.words[1] : std::string(kind.name);
    in.draft = nullptr;
    in.model.catalogue->captures = nullptr;
    in.model.catalogue->acls = nullptr;
    in.skip_section = false;
    if (kind.naming == SectionName::required && line.words.size() < 2) {
        in.error(line, "'" + std::string(kind.name) + "' expects a name");
        in.skip_section = true;
        return;
    }
    if (kind.naming == SectionName::none && line.words.size() > 1)
        in.error(line,
                 "'" + std::string(kind.name) + "' takes no argument, unexpected '" + line.words[1] + "'");
    if (!kind.no_effect.empty())
        in.no_effect(line, "section '" + std::string(kind.name) + "'", kind.no_effect);
    if (kind.open != nullptr) kind.open(in, line);
}

}  // namespace proxyd::config
