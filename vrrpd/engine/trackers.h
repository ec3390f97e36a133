// What instances track besides the network and the proxy: scripts, files, processes. Owns them and answers
// for their results.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "vrrpd/config/model.h"
#include "vrrpd/engine/file_trackers.h"
#include "vrrpd/engine/helper_port.h"
#include "vrrpd/engine/process_trackers.h"
#include "vrrpd/engine/script_runner.h"

namespace vrrpd::engine {

class Trackers {
 public:
    // `changed` is called when a result has changed, not from within configure().
    Trackers(boost::asio::io_context& io, HelperPort& helper, std::function<void()> changed);

    // Follows what the instances of `config` track; what stays keeps its results. New scripts wait for
    // start(), because their first result may come at once.
    void configure(const config::Config& config);
    void start();
    void stop();

    // Scripts only: run now; count no failures while the proxy reloads.
    void look();
    void suspend(bool suspended);

    // As keepalived: a script that cannot run is left out, not failed; the error in the log says so.
    bool is_left_out(const fsm::TrackRule& rule) const;
    // Of a script, file or process.
    fsm::TrackResult result(const fsm::TrackRule& rule) const;
    const ScriptRunner* script(const std::string& name) const;  // null: none of that name runs

 private:
    void configure_scripts(const config::Config& config);
    void retire(std::unique_ptr<ScriptRunner> runner);

    boost::asio::io_context& io_;
    HelperPort& helper_;
    std::function<void()> changed_;
    std::map<std::string, std::unique_ptr<ScriptRunner>> scripts_, fresh_;
    std::set<std::string> disabled_scripts_;
    FileTrackers files_;
    ProcessTrackers processes_;
};

}  // namespace vrrpd::engine
