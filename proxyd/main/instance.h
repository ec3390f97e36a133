// Everything that serves traffic in one process, built from a model: state, backends, logs, workers with
// their listeners, health checks, the statistics sockets. main/ drives it from the main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "proxyd/admin/health_board.h"
#include "proxyd/config/model.h"
#include "proxyd/main/listening_sockets.h"
#include "proxyd/main/ticket_key_text.h"

namespace proxyd::main {

struct InstanceSettings {
    std::shared_ptr<const config::Model> model;
    std::shared_ptr<admin::HealthBoard> board;
    int workers = 1;
    int maxconn = 0;            // of the process
    int pipes = 0;              // of a worker, for spliced bodies
    TicketKeyList ticket_keys;  // of the predecessor; empty: new ones
};

class Instance {
 public:
    // Opens log targets and loads certificates: call it before privileges are dropped. No thread runs yet.
    static common::Result<std::unique_ptr<Instance>> create(InstanceSettings settings,
                                                            ListeningSockets sockets);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    void start();      // threads run, connections are accepted
    void soft_stop();  // no new connections; responses from now on end their connection
    // After soft_stop: connections without a request in progress end too, all or one of so many.
    void close_idle(int one_of = 1);
    void stop();  // ends all threads; not reversible
    // After soft_stop() this is 0 only when nothing more can come, and peers have been taught.
    std::int64_t connections() const;

    void refresh_board();  // cheap enough for every 20 ms
    common::Result<> reopen_logs();
    void log_message(int severity, std::string_view text);  // to the targets of `global`
    std::vector<std::string> server_report() const;         // lines that SIGHUP prints
    std::vector<std::string> closing_report() const;        // "Proxy f stopped (...)"
    std::vector<int> listening_descriptors() const;
    TicketKeyList ticket_keys() const;

 private:
    struct Impl;
    explicit Instance(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::main
