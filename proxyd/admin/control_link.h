// proxyd's side of the control socket: tells the keeper its health every 20 ms and at each change, hears the
// keeper's role, and hands over to a successor. Runs on the io_context of a thread that carries no traffic,
// so that load does not look like death; reads the board only, so that a master can speak for its worker.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/control/server.h"
#include "proxyd/admin/health_board.h"

namespace proxyd::admin {

inline constexpr std::string_view kDefaultControlPath = "/run/proxyd/control.sock";
inline constexpr auto kHealthInterval = std::chrono::milliseconds(20);
// A process whose main thread has not turned for this long is stopped: its links are closed.
inline constexpr auto kStoppedAfter = std::chrono::milliseconds(200);
// How long a keeper shall bear with a hand-over.
inline constexpr auto kHandOverTime = std::chrono::seconds(5);

struct ControlLinkSettings {
    std::string path{kDefaultControlPath};
    std::string release;  // version for the hello
    // Asked for by a successor (proxyd/main/takeover.h).
    std::function<std::vector<int>()> sockets;
    std::function<std::string()> ticket_keys;  // as text, newest first
    std::function<void()> on_successor;
};

class ControlLink {
 public:
    ControlLink(boost::asio::io_context& io, ControlLinkSettings settings);
    ~ControlLink();

    common::Result<> listen();  // errors as control::Server::listen
    common::Result<> adopt(common::UniqueFd listener);
    void listen_later();  // tries again until the path's former owner has gone

    // Whose health is told from now on; `backend_names` by index of the board.
    void watch(std::shared_ptr<HealthBoard> board, std::vector<std::string> backend_names);
    void poke();        // something changed: tell at once
    void leave_path();  // a successor owns the socket's file: never unlink it
    int listener_fd() const { return server_.listener_fd(); }
    bool handed_over() const { return handed_over_; }

 private:
    using ClientId = common::control::ClientId;

    void tick();
    void tell(std::optional<ClientId> only);
    common::control::Health health(bool with_backends) const;
    bool stopped() const;
    void on_hello(ClientId client, const common::control::Hello& hello);
    void on_message(ClientId client, const common::control::Message& message);
    void on_request(ClientId client, const common::control::Request& request);
    void send_sockets(ClientId client, std::uint64_t id);
    void hand_over(ClientId client, std::uint64_t id);

    ControlLinkSettings settings_;
    boost::asio::steady_timer timer_;
    std::shared_ptr<HealthBoard> board_;
    std::vector<std::string> names_;
    std::set<ClientId> links_;  // peers that hear our health
    std::vector<common::control::BackendHealth> told_backends_;
    std::uint64_t sequence_ = 0;
    bool handed_over_ = false;
    common::control::Server server_;  // last: its handlers use the rest
};

}  // namespace proxyd::admin
