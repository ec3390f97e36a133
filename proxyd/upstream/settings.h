// What `server`, `default-server`, `balance`, `option httpchk`, queues and retries say. Filled by config/.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/balance/hash_settings.h"
#include "proxyd/net/keep_alive.h"
#include "proxyd/net/settings.h"
#include "proxyd/net/socket_options.h"
#include "proxyd/upstream/check_step.h"
#include "proxyd/upstream/resolvers_settings.h"

namespace proxyd::fcgi {
struct App;
}

namespace proxyd::upstream {

// `init-state`: before the first check.
enum class InitState : unsigned char { up, fully_up, down, fully_down };

struct CheckSettings {
    InitState init_state = InitState::up;
    bool enabled = false;
    common::Duration inter = std::chrono::seconds(2);
    common::Duration fastinter{0}, downinter{0};  // 0: as inter
    int rise = 2;
    int fall = 3;
    int port = 0;              // 0: the server's
    common::Endpoint address;  // empty: the server's
    bool tls = false;          // check-ssl
    bool send_proxy = false;   // check-send-proxy; without addr and port also what the server line says
    std::string sni;           // check-sni
    std::string alpn;          // check-alpn; empty: the server's
    bool via_socks = false;    // check-via-socks4
    enum class Protocol : unsigned char {
        as_server,
        http,
        fastcgi
    } protocol = Protocol::as_server;  // check-proto
};

// Agent checks: a program on the server's machine tells how it is (configuration manual 5.2, agent-check).
struct AgentSettings {
    bool enabled = false;
    int port = 0;
    common::Endpoint address;  // empty: the server's
    common::Duration inter = std::chrono::seconds(2);
    std::string send;  // agent-send
};

// `observe`: what traffic says about a server's health, and what follows from it.
enum class Observe : unsigned char { nothing, layer4, layer7 };
enum class OnError : unsigned char { fastinter, fail_check, sudden_death, mark_down };

// `source`: where connections to servers come from.
struct SourceSettings {
    // usesrc: whose address they show instead (Linux's transparent proxy)
    enum class Foreign : unsigned char { none, address, client, client_without_port, header };
    std::string text;      // as written; empty: the system chooses
    common::Endpoint own;  // the same, read; empty: the system chooses. Health checks use it, too
    int first_port = 0, last_port = 0;  // a range of ports in its place; 0: none
    Foreign foreign = Foreign::none;
    common::Endpoint foreign_address;  // Foreign::address
    // Foreign::header: gives the address; null: none
    std::shared_ptr<const rules::Expression> header;
    std::string interface;  // SO_BINDTODEVICE; empty: any
};

// A vector of the PROXY header that is written for each connection (set-proxy-v2-tlv-fmt).
struct ProxyVectorFormat {
    int type = 0;
    rules::LogFormat value;
};

struct ServerSettings {
    common::Location where;
    std::string name;
    std::string host;                     // as written, may be a name to resolve
    bool written_as_name = false;         // not as an address
    common::Endpoint address;             // empty while unresolved
    int port = 0;                         // as written, for an address still to be resolved
    std::string init_addr = "last,libc";  // how the address is found at the start (init-addr)
    std::string resolvers_name;           // `resolvers`; the section is looked up when all is read
    std::shared_ptr<const ResolversSettings> resolvers;
    AddressPreference resolve;
    bool keep_client_port = false;  // "host" or "host:+N": the client's destination port (+ offset)
    int port_offset = 0;
    bool client_destination = false;  // host 0.0.0.0, :: or *: the client's own destination address
    int id = 0;                       // 0: the next one that is free
    int weight = 1;                   // 0..256
    common::Duration slowstart{0};    // after it has come up: time until it has its whole weight and maxconn
    std::string track;                // "[BACKEND/]SERVER": whose health is its own; empty: its own
    std::string tracked_backend;      // the same, found: names of the section and of the server
    std::string tracked_server;
    Observe observe = Observe::nothing;
    int error_limit = 10;
    OnError on_error = OnError::fail_check;
    balance::HashKey hash_key = balance::HashKey::id;
    int maxconn = 0;  // 0: no limit
    int minconn = 0;
    int maxqueue = 0;  // 0: no limit
    bool backup = false;
    bool disabled = false;
    bool non_stick = false;  // stick tables do not learn it
    std::string cookie;
    SourceSettings source;
    net::SocketOptions socket;
    std::string network_namespace;  // where connections are made; empty: ours
    bool fast_open = false;         // tfo: the request may go with the SYN
    common::Endpoint socks4;        // connections go through this SOCKS server; empty: straight
    std::string redirect_prefix;    // redir: GET and HEAD are sent there; empty: nowhere
    bool strict_maxconn = false;    // idle connections count, too
    CheckSettings check;
    AgentSettings agent;
    bool shut_sessions_when_down = false;       // on-marked-down shutdown-sessions
    bool shut_backup_sessions_when_up = false;  // on-marked-up shutdown-backup-sessions
    bool tls = false;                           // ssl
    net::TlsClientSettings tls_client;
    std::string sni;
    bool sni_auto = false;   // without `sni`: the name in Host
    int pool_max_idle = -1;  // pool-max-conn, -1: no limit
    int max_reuse = -1;      // times that a connection serves again, -1: no limit
    common::Duration pool_purge_delay = std::chrono::seconds(5);
    bool send_proxy = false, send_proxy_v2 = false;
    unsigned proxy_options = 0;  // ProxyOption bits, for version 2
    std::vector<ProxyVectorFormat> proxy_vectors;
    bool speaks_fastcgi = false;               // proto fcgi
    std::shared_ptr<const fcgi::App> fastcgi;  // its section's application, if it speaks it; else null

    // Its name is asked for again and again, of the name servers of a section.
    bool resolved_at_run_time() const { return resolvers != nullptr && written_as_name; }
    // An SRV record's name: no resolver of the system knows it.
    bool is_service() const { return host.starts_with('_'); }
};

// protocol: option redis-check and the like.
enum class CheckKind : unsigned char { connect, http, tcp, protocol, program };

struct HttpCheckSettings {
    CheckKind kind = CheckKind::connect;
    // option httpchk
    std::string method = "OPTIONS";
    std::string uri = "/";
    std::string version = "HTTP/1.0";
    std::vector<std::pair<std::string, std::string>> headers;
    std::vector<CheckStep> steps;  // http-check
    bool disable_on_404 = false;   // such a server is fine, but gets no new clients
    bool send_state = false;       // checks tell the server how it is seen
    std::string node;              // our name in that
};

// retry-on (configuration manual 4.2): the failures that are worth another attempt, as bits. What comes after
// the connection is tried again only while the request is whole in its buffer.
enum RetryOn : unsigned {
    kRetryConnect = 1U << 0,  // conn-failure
    kRetryEmpty = 1U << 1,    // empty-response
    kRetryJunk = 1U << 2,     // junk-response
    kRetryTimeout = 1U << 3,  // response-timeout
};

// load-server-state-from-file (configuration manual 4.2): which file tells how servers were.
enum class StateFile : unsigned char { none, global, local };

// http-reuse (configuration manual 4.2).
enum class Reuse : unsigned char { never, safe, aggressive, always };

struct BackendSettings {
    std::string name;
    std::string balance = "roundrobin";  // a name of balance::algorithms()
    std::vector<std::string> balance_arguments;
    balance::HashSettings hash;
    std::vector<ServerSettings> servers;
    HttpCheckSettings http_check;
    std::string check_program;              // external-check command
    std::string check_path;                 // its PATH (external-check path)
    std::string proxy_address, proxy_port;  // what it is told of the section's first bind line
    int proxy_id = 0;
    CheckSequence tcp_check, protocol_check;  // empty: the connection is the check
    bool http_mode = true;
    int retries = 3;
    unsigned retry_on = kRetryConnect;
    std::vector<int> retry_statuses;  // of answers
    bool redispatch = false;
    int redispatch_interval = 1;  // -1: only on the last retry (option redispatch default)
    int fullconn = 0;
    bool allbackups = false;
    // Who is bound to no server goes where he wanted to go (option transparent), or there (dispatch).
    bool to_client_destination = false;
    common::Endpoint dispatch;
    std::shared_ptr<const ServerSettings> direct;  // the same as a server of nobody's; null: neither
    Reuse reuse = Reuse::safe;
    common::Duration timeout_connect{0}, timeout_queue{0}, timeout_check{0};  // 0: none
    bool log_health_checks = false;
    bool nolinger = false;  // connections to servers end with a reset
    net::TcpKeepAlive tcpka;
    StateFile state_file = StateFile::none;
    std::string state_file_name;  // of StateFile::local; empty: the section's name
};

// Whether `tfo` of a server may be used: what goes with a SYN can be lost with it, and must be sent again. As
// HAProxy has it.
inline bool may_open_fast(const BackendSettings& backend) {
    constexpr unsigned kRepeats = kRetryConnect | kRetryEmpty | kRetryTimeout;
    return backend.http_mode && (backend.retry_on & kRepeats) == kRepeats;
}

}  // namespace proxyd::upstream
