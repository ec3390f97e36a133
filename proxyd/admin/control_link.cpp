#include "proxyd/admin/control_link.h"

#include <unistd.h>

#include <chrono>
#include <span>

#include "common/logging.h"
#include "common/process/fd_passing.h"

namespace proxyd::admin {

namespace control = common::control;

namespace {

constexpr auto kListenAgain = std::chrono::milliseconds(100);

control::ServerSettings server_settings(const ControlLinkSettings& settings) {
    control::ServerSettings out;
    out.path = settings.path;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    out.hello = {control::kProtocolVersion, "proxyd", settings.release, ::getpid(),
                 std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
    return out;
}

}  // namespace

ControlLink::ControlLink(boost::asio::io_context& io, ControlLinkSettings settings)
    : settings_(std::move(settings)),
      timer_(io),
      server_(io, server_settings(settings_),
              {[this](ClientId client, const control::Hello& hello, const control::PeerCredentials&) {
                   on_hello(client, hello);
               },
               [this](ClientId client, const control::Message& message) { on_message(client, message); },
               [this](ClientId client) { links_.erase(client); }}) {}

ControlLink::~ControlLink() = default;

common::Result<> ControlLink::listen() {
    auto listening = server_.listen();
    if (listening) tick();
    return listening;
}

common::Result<> ControlLink::adopt(common::UniqueFd listener) {
    auto listening = server_.adopt(std::move(listener));
    if (listening) tick();
    return listening;
}

void ControlLink::listen_later() {
    timer_.expires_after(kListenAgain);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !listen()) listen_later();
    });
}

void ControlLink::watch(std::shared_ptr<HealthBoard> board, std::vector<std::string> backend_names) {
    if (board_ && board) board->set_role(board_->role());
    board_ = std::move(board);
    names_ = std::move(backend_names);
    poke();
}

void ControlLink::poke() {
    tell(std::nullopt);
}

void ControlLink::leave_path() {
    server_.disown_path();
}

void ControlLink::tick() {
    tell(std::nullopt);
    timer_.expires_after(kHealthInterval);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

bool ControlLink::stopped() const {
    const std::int64_t last = board_->main_thread.last_turn_ms.load(std::memory_order_relaxed);
    return last != 0 && monotonic_ms() - last > kStoppedAfter.count();
}

control::Health ControlLink::health(bool with_backends) const {
    control::Health out;
    out.state = board_->state.load(std::memory_order_acquire);
    out.listeners_up = board_->listeners_up.load(std::memory_order_relaxed);
    out.listeners_total = board_->listeners_total.load(std::memory_order_relaxed);
    const std::int64_t now = monotonic_ms();
    for (int i = 0; i < board_->workers(); ++i) {
        const std::int64_t last = board_->worker(i).last_turn_ms.load(std::memory_order_relaxed);
        if (last == 0) continue;  // has not started yet
        out.workers.push_back({static_cast<std::uint32_t>(i + 1),
                               static_cast<std::uint32_t>(std::max<std::int64_t>(now - last, 0))});
    }
    if (!with_backends) return out;
    out.backends.emplace();
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const HealthBoard::Backend& slot = board_->backend(i);
        out.backends->push_back({names_[i], slot.usable.load(std::memory_order_relaxed),
                                 slot.total.load(std::memory_order_relaxed)});
    }
    return out;
}

// To one link, whole; or to all, with the backends only if they changed.
void ControlLink::tell(std::optional<ClientId> only) {
    if (!board_ || links_.empty() || handed_over_) return;
    if (stopped()) {
        const std::set<ClientId> all = std::exchange(links_, {});
        for (const ClientId link : all) server_.close(link);
        return;
    }
    control::Health message = health(true);
    message.sequence = ++sequence_;
    if (only) {
        server_.send(*only, message);
        return;
    }
    if (*message.backends == told_backends_)
        message.backends.reset();
    else
        told_backends_ = *message.backends;
    server_.broadcast(message);
}

void ControlLink::on_hello(ClientId client, const control::Hello& hello) {
    links_.insert(client);
    if (hello.program == "vrrpd") server_.keep(client);
    tell(client);
}

void ControlLink::on_message(ClientId client, const control::Message& message) {
    if (const auto* request = std::get_if<control::Request>(&message)) on_request(client, *request);
    if (std::holds_alternative<control::Role>(message) && board_) board_->set_role(control::encode(message));
}

void ControlLink::on_request(ClientId client, const control::Request& request) {
    // What a successor asks (proxyd/main/takeover.h).
    if (request.command == "sockets" && settings_.sockets) return send_sockets(client, request.id);
    if (request.command == "successor") return hand_over(client, request.id);
    server_.send(client, control::Response{request.id, "unknown command '" + request.command + "'", nullptr});
}

void ControlLink::send_sockets(ClientId client, std::uint64_t id) {
    std::vector<int> all = settings_.sockets();
    if (server_.listener_fd() >= 0) all.push_back(server_.listener_fd());
    const std::string keys = settings_.ticket_keys ? settings_.ticket_keys() : std::string();
    std::span<const int> rest(all);
    do {
        const auto batch = rest.first(std::min(rest.size(), common::process::kMaxFdsPerMessage));
        rest = rest.subspan(batch.size());
        server_.send_with_fds(
            client, control::Response{id, "", {{"more", !rest.empty()}, {"ticket_keys", keys}}}, batch);
    } while (!rest.empty());
}

void ControlLink::hand_over(ClientId client, std::uint64_t id) {
    common::log::notice("a successor takes over");
    const auto announced = std::chrono::duration_cast<std::chrono::milliseconds>(kHandOverTime).count();
    server_.broadcast(control::Reloading{static_cast<std::uint32_t>(announced)});
    handed_over_ = true;
    server_.send(client, control::Response{id, "", nullptr});
    server_.disown_path();
    const std::set<ClientId> all = std::exchange(links_, {});
    for (const ClientId link : all) server_.close(link);
    if (settings_.on_successor) settings_.on_successor();
}

}  // namespace proxyd::admin
