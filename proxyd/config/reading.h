// The state of reading a configuration: what every keyword handler works on. Passed along, never global.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxyd/config/draft.h"
#include "proxyd/config/environment.h"
#include "proxyd/config/model.h"
#include "proxyd/config/statement.h"
#include "proxyd/observe/mail_settings.h"
#include "proxyd/observe/ring_settings.h"
#include "proxyd/peers/settings.h"

namespace proxyd::config {

struct SectionKind;

// `ssl-default-bind-*`, `ssl-default-server-*`, `ca-base`, `crt-base`: taken by lines that do not say
// otherwise.
struct TlsDefaults {
    net::TlsServerSettings bind;
    net::TlsClientSettings server;
    std::string ca_base, crt_base, key_base;
};

// `unix-bind`: settings of Unix sockets in bind lines.
struct UnixBind {
    std::string prefix, user, group;
    int mode = -1;
};

// A `peers` section while it is being read.
struct PeersDraft {
    std::shared_ptr<peers::Settings> settings;
    struct Table {
        std::string name;
        common::Location where;
        state::StickTableSettings settings;
    };
    std::vector<Table> tables;         // of its own
    std::vector<const Draft*> shared;  // sections whose tables it shares
    upstream::ServerSettings default_server;
    net::BindSettings default_bind;
};

using ErrorFiles = std::map<int, std::shared_ptr<const session::ErrorFile>>;

struct Reading {
    Reading(Model& into, common::Diagnostics& complaints) : model(into), out(complaints) {
        model.catalogue->environment = [this](std::string_view name) { return environment.get(name); };
    }
    ~Reading() { model.catalogue->environment = nullptr; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    Model& model;
    common::Diagnostics& out;
    Environment environment = Environment::of_process();

    const SectionKind* section = nullptr;  // of the current line
    std::string section_name;
    common::Location section_where;
    bool skip_section = false;  // its first line was refused: its lines are not complained about

    Draft* draft = nullptr;  // the open defaults, frontend, listen or backend
    std::vector<std::unique_ptr<Draft>> proxies;
    std::vector<std::unique_ptr<Draft>> defaults;
    const Draft* implicit_defaults = nullptr;

    TlsDefaults tls;
    std::map<std::string, net::CertificateFiles, std::less<>> certificates;  // "@STORE/NAME" of crt-store
    std::string certificate_store, store_crt_base, store_key_base;           // of the open crt-store
    UnixBind unix_bind;
    std::vector<LogLine> global_logs;
    std::string log_tag;
    std::map<std::string, ErrorFiles, std::less<>> http_errors;
    std::map<std::string, std::shared_ptr<upstream::ResolversSettings>, std::less<>> resolvers;
    std::map<std::string, PeersDraft, std::less<>> peers;
    std::map<std::string, observe::Mailers, std::less<>> mailers;
    std::map<std::string, observe::RingSettings, std::less<>> rings;
    std::vector<FastCgiDraft> apps;      // the last one is open while its section is
    std::vector<ForwardDraft> forwards;  // the last one is open while its section is
    std::string local_peer;              // -L, `localpeer`, or this machine's name
    bool local_peer_given = false;

    session::ProxySettings& proxy() { return *draft->settings; }
    bool in_defaults() const { return draft != nullptr && draft->kind == kDefaults; }

    void error(const Statement& line, std::string text) { out.error(line.where, std::move(text)); }
    void warning(const Statement& line, std::string text) { out.warning(line.where, std::move(text)); }
    // "'timeout client': " and the sentence of a failed Result.
    void error(const Statement& line, const common::Error& why);
    // "WHAT has no effect: WHY"
    void no_effect(const Statement& line, std::string_view what, std::string_view why);
};

// Finds the keyword of a line, checks place and number of arguments, says what its row has to say and runs
// its handler.
void dispatch(Reading& in, Statement& line);

// Reads a whole file's text; `file` outlives the model.
void read_text(Reading& in, std::string_view text, std::string_view file);

// Compiles what needed the whole configuration, then checks across sections.
void finish(Reading& in);
void finish_tracking(Reading& in);   // `track` of servers
void check_server_ids(Reading& in);  // `id` of servers
void validate(Reading& in);

}  // namespace proxyd::config
