// The immutable result of reading the configuration: what main/ builds the process from.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "proxyd/config/cpu_map.h"
#include "proxyd/fcgi/app.h"
#include "proxyd/http/case_map.h"
#include "proxyd/http/compression.h"
#include "proxyd/observe/forward_settings.h"
#include "proxyd/observe/mail_settings.h"
#include "proxyd/observe/ring_settings.h"
#include "proxyd/peers/settings.h"
#include "proxyd/session/limits.h"
#include "proxyd/session/settings.h"

namespace proxyd::config {

// `stats socket` lines (management manual 9.3).
struct StatsSocket {
    common::Location where;
    common::Endpoint address;  // Unix or TCP; empty when inherited
    int inherited_fd = -1;
    enum class Level : unsigned char { user, oper, admin } level = Level::oper;
    int mode = -1;
    std::string user, group;
    std::string interface;
    bool v4v6 = false, v6only = false;
    int backlog = 0;  // 0: as many as the system allows
    bool expose_listeners = false;
};

// A `program` section (configuration manual 3.7).
struct Program {
    std::string name;
    common::Location where;
    std::vector<std::string> command;  // argv; the first word is looked up in PATH unless it has a '/'
    std::string user, group;           // empty: the master's
    bool start_on_reload = true;
};

struct Global {
    bool daemon = false;
    bool master_worker = false;
    bool exit_on_failure = true;  // `master-worker no-exit-on-failure`: what the master survives
    int threads = 0;              // nbthread / nbproc; 0: the cores we may use
    int maxconn = 0;              // 0: from the descriptor limit
    int ulimit_n = 0;
    int thread_hard_limit = 0;       // where nothing says how many threads; 0: none
    int fd_hard_limit = 0;           // descriptors at most, where maxconn does not say how many; 0: 1048576
    bool processes = false;          // nbproc was given: `cpu-map` lines speak of processes
    std::vector<CpuMap> cpu_maps;    // lines in order
    std::vector<CpuSet> cpu_limits;  // cpu-set: all of them hold
    bool dumpable = false;           // set-dumpable
    bool zero_warning = false;       // what is warned of is an error
    std::optional<int> renice_startup, renice_runtime;  // -20..19
    bool busy_polling = false;
    bool reuse_port = true;  // noreuseport
    session::ProcessLimits limits;
    http::CompressionEffort compression;
    std::string user, group, chroot, pidfile;
    int uid = -1, gid = -1;  // `uid`, `gid`
    std::string node, description;
    std::vector<StatsSocket> stats_sockets;
    common::Duration stats_timeout = std::chrono::seconds(10);
    int stats_maxconn = 10;
    std::string control_socket;  // empty: the default path
    common::Location control_socket_where;
    common::Duration hard_stop_after{0};  // 0: none
    common::Duration grace{0};            // between the order to stop and the stop
    common::Duration close_spread{0};     // session::Runtime::close_spread
    int most_reloads = -1;                // a worker survives them; -1: any number
    std::size_t buffer_size = 16384;      // tune.bufsize
    std::size_t max_rewrite = 1024;       // tune.maxrewrite
    bool splice = true;                   // nosplice, -dS
    int max_pipes = 0;                    // maxpipes; 0: as many as are useful
    std::size_t pipe_size = 0;            // tune.pipesize; 0: the system's
    // tune.rcvbuf.*, tune.sndbuf.*, bytes; 0: the system's
    int client_receive_buffer = 0, client_send_buffer = 0;
    int server_receive_buffer = 0, server_send_buffer = 0;
    std::vector<int> kept_capabilities;    // setcap: CAP_* numbers
    int tls_max_record = 0;                // tune.ssl.maxrecord
    int hello_capture = 0;                 // tune.ssl.capture-buffer-size
    int tls_hard_max_record = 0;           // tune.ssl.hard-maxrecord
    int tls_lifetime_s = 0;                // tune.ssl.lifetime; 0: the library's
    bool tls_keep_secrets = false;         // tune.ssl.keylog
    int max_headers = 101;                 // tune.http.maxhdr
    int longest_logged_line = 1023;        // tune.http.logurilen
    int longest_cookie = 63;               // tune.http.cookielen
    bool payload_with_any_method = false;  // h1-accept-payload-with-any-method
    bool trust_odd_coding = false;         // h1-do-not-close-on-insecure-transfer-encoding
    http::CaseMap case_map;                // h1-case-adjust
    http::CaseMap case_map_of_file;        // h1-case-adjust-file: counts instead where there is one
    observe::LogSettings log;              // `log` lines of global: the process's own messages
    std::string log_send_hostname;
    std::vector<std::pair<std::string, std::string>> environment;  // setenv / presetenv
    std::string server_state_file, server_state_base;
    bool external_check = false;            // programs may check servers
    int spread_checks = 0;                  // percent, 0..50
    common::Duration max_spread_checks{0};  // 0: no limit
};

struct Model {
    Global global;
    std::vector<std::unique_ptr<session::ProxySettings>> proxies;
    rules::CataloguePtr catalogue = std::make_shared<rules::Catalogue>();  // what all rules share
    std::vector<Program> programs;
    std::vector<std::shared_ptr<const peers::Settings>> peers;
    std::vector<std::shared_ptr<const upstream::ResolversSettings>> resolvers;
    // FastCGI applications, and where what each writes to its standard error goes.
    struct FastCgiApp {
        std::shared_ptr<fcgi::App> app;
        observe::LogSettings errors;
    };
    std::vector<FastCgiApp> apps;  // by App::index
    std::vector<observe::RingSettings> rings;
    std::vector<observe::ForwardSettings> log_forwards;
    std::vector<std::shared_ptr<const observe::MailAlert>> mail_alerts;  // by proxy index, null without
    std::vector<std::string>
        server_state_files;          // by proxy index: what its servers were; empty: not to be read
    std::vector<std::string> files;  // read, in order
    std::vector<std::unique_ptr<std::string>> file_names;  // storage behind common::Location::file

    const session::ProxySettings* find(std::string_view name, bool frontend, bool backend) const;
};

// Reads and checks the files (folders: their *.cfg in order). nullptr when there were errors; all complaints
// are in `out` either way. `local_peer`: what -L says. Opens certificates, error files and pattern files to
// prove that they can be read.
std::shared_ptr<const Model> load(const std::vector<std::string>& paths, common::Diagnostics& out,
                                  std::string_view local_peer = {});

// Same for text at hand (--quick, tests); `name` is printed as the file.
std::shared_ptr<const Model> load_text(std::string_view text, std::string_view name,
                                       common::Diagnostics& out);

}  // namespace proxyd::config
