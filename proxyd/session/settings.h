// What the sections frontend, backend, listen and defaults say about sessions. Filled by config/, immutable
// while sessions hold it (std::shared_ptr<const config::Model>).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "proxyd/balance/algorithm.h"
#include "proxyd/http/compression.h"
#include "proxyd/net/keep_alive.h"
#include "proxyd/net/settings.h"
#include "proxyd/observe/settings.h"
#include "proxyd/rules/acl.h"
#include "proxyd/rules/capture_slots.h"
#include "proxyd/rules/catalogue.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/jump_table.h"
#include "proxyd/rules/network.h"
#include "proxyd/rules/rule_set.h"
#include "proxyd/state/stick_table.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::session {

// 0: no limit.
struct Timeouts {
    common::Duration client{0}, server{0}, connect{0}, queue{0}, http_request{0}, http_keep_alive{0},
        tunnel{0};
    common::Duration client_fin{0}, server_fin{0}, tarpit{0}, check{0};
    common::Duration client_handshake{0};  // of TLS; 0: `client`
};

// How connections end after a response (the last set option of the pair frontend/backend wins as HAProxy
// says: httpclose > http-server-close > http-keep-alive).
enum class KeepAlive : unsigned char { keep_alive, server_close, close };

// `option forwardfor` and `option originalto`: a header that tells servers an address of the client's
// connection.
struct AddressHeader {
    bool enabled = false;
    std::string header;
    std::optional<rules::Network> except;  // whose addresses are not told
    bool if_none = false;
};

// `option forwarded`: which parameters the header Forwarded gets (RFC 7239).
struct ForwardedSettings {
    enum class Source : unsigned char { none, connection, expression };
    // "by" or "for": a node's name and port.
    struct Node {
        Source name = Source::none, port = Source::none;
        std::shared_ptr<const rules::Expression> name_expression, port_expression;
    };
    bool proto = false;
    Source host = Source::none;  // connection: the header Host
    std::shared_ptr<const rules::Expression> host_expression;
    Node by, client;
};

// `option http-restrict-req-hdr-names`: what becomes of names with other bytes than letters, digits, '-'.
enum class OddNames : unsigned char { preserve, remove, reject };

// An `errorfile`: the raw bytes to send, header block included; empty with `silent`. Or an `http-error` whose
// text is made for each request: then `status` is not 0.
struct ErrorFile {
    std::string bytes;
    bool silent = false;  // /dev/null
    int status = 0;
    std::string content_type;
    rules::LogFormat body;
    std::vector<std::pair<std::string, rules::LogFormat>> fields;
};

struct StatsSettings {
    bool enabled = false;
    std::string uri = "/haproxy?stats";
    std::string realm = "HAProxy Statistics";
    std::vector<std::string> users;  // "user:password"
    rules::RuleSet access;           // stats http-request
    int refresh_s = 0;
    bool hide_version = false;
    bool show_node = false, show_legends = false, show_description = false;
    std::string node, description;
    std::vector<rules::Condition> admin;  // stats admin: whoever fulfils one may change servers
    std::vector<std::string> scope;       // sections shown, "." is the own one; empty: all
};

// `compression` (configuration manual 4.2).
struct CompressionSettings {
    std::vector<http::Coding> codings;  // in the order of preference
    std::vector<std::string> types;     // beginnings of content types; empty: all
    bool offload = false;               // servers are not told what the client accepts
    std::uint64_t least = 0;            // smaller responses are left as they are, where their size is known
    // The same for requests.
    std::optional<http::Coding> request_coding;
    std::vector<std::string> request_types;
    std::uint64_t request_least = 0;
    bool responses = true, requests = false;  // direction
};

// `cookie`: how a client is kept at its server.
struct CookieSettings {
    enum class Mode : unsigned char { passive, rewrite, insert, prefix };
    std::string name;  // empty: none
    Mode mode = Mode::passive;
    bool indirect = false, nocache = false, postonly = false, preserve = false;
    bool httponly = false, secure = false;
    bool dynamic = false;                     // values made of the servers' addresses
    common::Duration maxidle{0}, maxlife{0};  // 0: cookies carry no dates
    std::vector<std::string> domains, attributes;
};

// A `force-persist` or `ignore-persist` line: the first one that holds decides.
struct PersistRule {
    bool force = false;
    rules::Condition condition;
};

// A `stick` line.
struct StickRule {
    common::Location where;
    bool match = false, store_request = false, store_response = false;
    std::shared_ptr<const rules::Expression> key;
    std::string table_name;  // empty: the section's own
    int table = -1;          // index of the section that has it
    rules::Condition condition;
};

struct UseServer {
    common::Location where;
    std::string name;
    std::size_t server = balance::kNone;  // index; kNone: found by name_format
    rules::LogFormat name_format;
    rules::Condition condition;
};

struct UseBackend {
    common::Location where;
    std::string backend_name;
    int backend = -1;  // index into Model::proxies; -1: found by name_format
    rules::LogFormat
        name_format;  // use_backend %[...]: renders the name; an unknown one ends in default_backend
    std::shared_ptr<const std::map<std::string, int, std::less<>>>
        backends;  // with name_format: indexes by name
    rules::Condition condition;
};

// What a `defaults` section can preset: every frontend, backend and listen section starts as a copy of it.
struct InheritedSettings {
    bool http_mode = true;
    bool disabled = false;

    int maxconn = 0;     // 0: the global one
    int rate_limit = 0;  // rate-limit sessions
    std::string default_backend_name;

    upstream::BackendSettings upstream;  // is_backend
    CookieSettings cookie;
    std::string dynamic_cookie_key;
    bool persist = false;             // option persist: to servers that are down, too
    bool prefer_last_server = false;  // a client's own idle connection is used before the algorithm
    int max_keep_alive_queue = 0;     // unless so many wait for that server; 0: no limit
    std::string name_header;          // http-send-name-header
    std::shared_ptr<const rules::Expression> rdp_cookie;  // persist rdp-cookie
    std::shared_ptr<CompressionSettings> compression;     // null: none

    Timeouts timeouts;
    common::Duration inspect_delay{0};           // tcp-request content waits that long for bytes
    common::Duration response_inspect_delay{0};  // tcp-response content
    KeepAlive keep_alive = KeepAlive::keep_alive;
    AddressHeader forwardfor{false, "X-Forwarded-For", {}, false};
    AddressHeader originalto{false, "X-Original-To", {}, false};
    std::shared_ptr<const ForwardedSettings> forwarded;  // null: no such header
    bool tells_addresses = false;                        // some of the three may be wanted
    OddNames odd_names = OddNames::preserve;
    bool odd_names_given = false;  // else FastCGI applications decide
    bool checkcache = false;       // cacheable answers with cookies are blocked
    bool adjust_case_for_clients = false, adjust_case_for_servers = false;  // h1-case-adjust-bogus-*
    bool drop_request_trailers = false, drop_response_trailers = false;
    bool idle_close_on_response = false;
    bool independent_streams = false;
    bool nolinger = false;
    bool socket_stats = false;  // statistics show each listener
    bool accept_invalid_request = false;
    bool accept_invalid_response = false;
    rules::BodyWait body_wait;
    bool abortonclose = false;
    bool http_no_delay = false;
    bool splice_request = false, splice_response = false;  // bodies that flow go through a pipe
    net::TcpKeepAlive tcpka;                               // of clients; of servers: upstream.tcpka
    bool http_pretend_keepalive = false;
    bool http_ignore_probes = false;
    rules::LogFormat unique_id_format;
    std::string unique_id_header;
    std::string monitor_uri;
    std::map<int, std::shared_ptr<const ErrorFile>> error_files;

    StatsSettings stats;
    observe::LogSettings log;
};

// One section of the file. A `listen` has both halves; defaults are merged in already.
struct ProxySettings : InheritedSettings {
    common::Location where;
    std::string name;
    std::string description;
    int id = 0;     // iid
    int index = 0;  // into Model::proxies
    bool is_frontend = false;
    bool is_backend = false;

    std::vector<net::BindSettings> binds;
    std::vector<UseBackend> use_backends;
    std::vector<rules::Condition> monitor_fails;
    std::vector<UseServer> use_servers;
    std::vector<StickRule> stick_rules;
    std::vector<PersistRule> persist_rules;
    rules::JumpTable routes;   // over their conditions
    int default_backend = -1;  // index, -1: none

    std::shared_ptr<const fcgi::App> fastcgi;  // use-fcgi-app; null: none

    std::optional<state::StickTableSettings> stick_table;
    rules::CaptureSlots captures;
    rules::AclSet acls;
    rules::RuleSet tcp_connection, tcp_session, tcp_content;  // tcp-request ...
    rules::RuleSet tcp_response;                              // tcp-response content
    rules::RuleSet http_request;   // also block, redirect, reqadd family, in configuration order
    rules::RuleSet http_response;  // also rspadd family
    rules::RuleSet http_after_response;
};

}  // namespace proxyd::session
