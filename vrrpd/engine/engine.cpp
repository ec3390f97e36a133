#include "vrrpd/engine/engine.h"

#include <sched.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "common/logging.h"

namespace vrrpd::engine {

namespace control = common::control;
namespace log = common::log;
using config::Instance;

common::Result<std::unique_ptr<Engine>> Engine::open(boost::asio::io_context& io,
                                                     common::process::HelperProcess helper,
                                                     EngineOptions options) {
    auto network = io::Network::open();
    if (!network) return std::unexpected(network.error());
    auto announcer = io::Announcer::open();
    if (!announcer) return std::unexpected(announcer.error());
    return std::unique_ptr<Engine>(
        new Engine(io, std::move(helper), std::move(options), std::move(*network), std::move(*announcer)));
}

Engine::Engine(boost::asio::io_context& io, common::process::HelperProcess helper, EngineOptions options,
               std::unique_ptr<io::Network> network, io::Announcer announcer)
    : io_(io),
      options_(std::move(options)),
      network_(std::move(network)),
      announcer_(std::move(announcer)),
      announcements_(io, *network_, announcer_),
      helper_(io, std::move(helper)),
      notifier_(helper_),
      adverts_(io, [this](const std::string& interface, packet::Family family,
                          const packet::Datagram& datagram) { on_datagram(interface, family, datagram); }),
      network_watch_(io, network_->fd()),
      trackers_(io, helper_, [this] { track(); }),
      node_(options_.state_folder, *network_),
      link_delays_(io,
                   [this](const std::string& name) {
                       if (const io::Link* link = network_->find(name)) on_link(*link, false);
                       track();
                   }),
      around_{.io = io,
              .network = *network_,
              .announcements = announcements_,
              .state_file = state_file_,
              .adverts = adverts_,
              .notifier = notifier_,
              .log_detail = options_.log_detail,
              .on_late =
                  [this](common::Duration late) {
                      ++late_timers_.count;
                      late_timers_.longest = std::max(late_timers_.longest, late);
                      if (auto_priority_) auto_priority_->note(late);
                  },
              .on_transition = [this](Router&) { on_transition(); },
              .on_finished = [this](Router& router) { on_finished(router); },
              .on_step = [this](Router& router) { groups_.settle(router); }} {
    auto state_file = io::StateFile::open(options_.state_folder + "/state");
    if (state_file) {
        state_file_ = std::move(*state_file);
    } else {
        log::warning("{}: a restart after a crash will not resume", state_file.error().text);
    }
    wait_for_network();
}

Engine::~Engine() {
    network_watch_.release();
}

// ---- configuration

void Engine::configure(std::shared_ptr<const config::Config> config) {
    if (config_) ++reloads_;
    // The old one is still referred to while everything moves over.
    const auto before = std::exchange(config_, std::move(config));
    notifier_.configure(*config_);
    trackers_.configure(*config_);
    configure_proxy();
    watch_routes();
    announcements_.configure(*config_);
    node_.configure(*config_);
    watch_timers();
    link_delays_.configure(config_->link_delays, *network_);
    statics_.configure(config_);
    configure_routers();
    node_.drop_unused(*config_);
    adverts_.prune([this](const std::string& interface, packet::Family family) {
        const auto uses = [&](const std::unique_ptr<Router>& router) {
            return router->uses(interface, family);
        };
        return std::ranges::any_of(routers_, uses) || std::ranges::any_of(leaving_, uses);
    });
    trackers_.start();
    if (before && config_->globals.fifo_states_on_reload) tell_states();
    on_transition();
}

void Engine::configure_proxy() {
    const auto& settings = config_->globals.proxy;
    const auto follows = [](const config::Track& track) { return track.rule.kind == fsm::TrackKind::proxy; };
    const bool needed = std::ranges::any_of(config_->instances, [&](const Instance& instance) {
        return std::ranges::any_of(instance.tracks, follows);
    });
    if (proxy_ && proxy_->serves(settings, needed)) return;
    if (proxy_) bury(std::move(proxy_));
    proxy_ = std::make_unique<ProxyLink>(io_, settings, options_.release, needed,
                                         ProxyLink::Handlers{.changed = [this] { track(); },
                                                             .look = [this] { trackers_.look(); },
                                                             .role = [this] { return role(); }});
    proxy_->start();
}

void Engine::watch_routes() {
    const auto moves = [](const Instance& instance) {
        return !instance.routes.empty() || !instance.rules.empty();
    };
    const bool any = !config_->static_routes.empty() || !config_->static_rules.empty() ||
                     std::ranges::any_of(config_->instances, moves);
    if (!any) return;
    if (auto done = network_->watch_routes(); !done) log::warning("{}", done.error().text);
}

void Engine::watch_timers() {
    const config::Globals& globals = config_->globals;
    if (auto_priority_ || globals.auto_priority.most == 0) return;  // a reload does not lower it
    sched_param now{};
    ::sched_getparam(0, &now);
    auto_priority_.emplace(
        globals.auto_priority, now.sched_priority,
        [runaway = globals.runaway](int priority) { return io::set_realtime(priority, runaway); });
}

namespace {

bool same_vmac(const Instance& a, const Instance& b) {
    if (!a.vmac || !b.vmac) return !a.vmac && !b.vmac;
    return a.vmac->name == b.vmac->name && config::vmac_address(a) == config::vmac_address(b);
}

}  // namespace

// keepalived's rule of what is the same virtual router: not the name counts.
void Engine::configure_routers() {
    groups_.suspend();
    auto old = std::exchange(routers_, {});
    std::vector<Router*> fresh;
    for (const Instance& instance : config_->instances) {
        const auto known = std::ranges::find_if(old, [&](const std::unique_ptr<Router>& router) {
            if (!router) return false;
            const Instance& running = router->settings();
            return running.vrid == instance.vrid && running.family == instance.family &&
                   running.interface == instance.interface && running.unicast() == instance.unicast() &&
                   same_vmac(running, instance);
        });
        if (known != old.end()) {
            routers_.push_back(std::move(*known));
            routers_.back()->reconfigure(config_, instance, tracking_of(instance));
        } else {
            routers_.push_back(std::make_unique<Router>(around_, config_, instance));
            fresh.push_back(routers_.back().get());
        }
    }
    for (auto& router : old) {
        if (!router) continue;
        Router& leaver = *router;
        leaving_.push_back(std::move(router));
        leaver.stop(false, true);
    }
    groups_.configure(*config_, routers_);
    std::vector<bool> may_resume;  // before any starts: starting removes what was left
    for (const Router* router : fresh) may_resume.push_back(groups_.can_resume(*router));
    for (std::size_t i = 0; i < fresh.size(); ++i)
        fresh[i]->start(tracking_of(fresh[i]->settings()), may_resume[i]);
    groups_.settle_all();
}

// ---- tracking

std::vector<fsm::TrackRule> Engine::rules_of(const Instance& instance) const {
    auto rules = config::track_rules(instance);
    std::erase_if(rules, [this](const fsm::TrackRule& rule) { return trackers_.is_left_out(rule); });
    return rules;
}

fsm::TrackResult Engine::result_of(const fsm::TrackRule& rule) const {
    switch (rule.kind) {
        case fsm::TrackKind::interface: {
            const io::Link* link = network_->find(rule.name);
            if (link != nullptr && link_delays_.up(*link)) return {fsm::Health::good, 0, "up"};
            return {fsm::Health::bad, 0, link == nullptr ? "does not exist" : "down"};
        }
        case fsm::TrackKind::proxy:
            return proxy_->result();
        case fsm::TrackKind::statics:
            return statics_.group(rule.name);
        case fsm::TrackKind::script:
        case fsm::TrackKind::file:
        case fsm::TrackKind::process:
            break;
    }
    return trackers_.result(rule);
}

fsm::Tracking Engine::tracking_of(const Instance& instance) const {
    const auto rules = rules_of(instance);
    std::vector<fsm::TrackResult> results;
    for (const fsm::TrackRule& rule : rules) results.push_back(result_of(rule));
    return fsm::evaluate(rules, results);
}

void Engine::track() {
    if (!proxy_) return;  // the trackers' first results; configure() looks at them all
    trackers_.suspend(proxy_->suspended());
    for (const auto& router : routers_) router->on_tracking(tracking_of(router->settings()));
}

// ---- the node

void Engine::wait_for_network() {
    network_watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [this](boost::system::error_code error) {
                                  if (error) return;
                                  for (const io::NetworkChange& change : network_->receive())
                                      on_network(change);
                                  for (const auto& router : routers_) router->restore_routes();
                                  wait_for_network();
                              });
}

void Engine::on_network(const io::NetworkChange& change) {
    if (const auto* link = std::get_if<io::LinkChange>(&change);
        link != nullptr && (link->fresh || link->gone))
        node_.on_interface(*config_, link->link.name, link->gone);
    if (const auto* link = std::get_if<io::LinkChange>(&change)) {
        link_delays_.note(link->link, link->gone);
        on_link(link->link, link->gone);
    }
    for (const auto* group : {&routers_, &leaving_}) {
        for (const auto& router : *group) {
            if (const auto* address = std::get_if<io::AddressChange>(&change)) {
                router->on_address(address->address, address->present);
            }
            if (const auto* route = std::get_if<io::RouteGone>(&change)) router->on_route_gone(*route);
            if (std::holds_alternative<io::RuleGone>(change)) router->doubt_routes();
        }
    }
    statics_.on_change(change);
    if (std::holds_alternative<io::LinkChange>(change)) track();
}

void Engine::on_link(const io::Link& link, bool gone) {
    io::Link seen = link;
    seen.up = link_delays_.up(link);
    for (const auto* group : {&routers_, &leaving_}) {
        for (const auto& router : *group) router->on_link(seen, gone);
    }
}

void Engine::on_datagram(const std::string& interface, packet::Family family,
                         const packet::Datagram& datagram) {
    const auto vrid = packet::peek_vrid(datagram.payload);
    for (const auto* group : {&routers_, &leaving_}) {
        for (const auto& router : *group) {
            const Instance& settings = router->settings();
            if (vrid && settings.vrid == *vrid && settings.family == family &&
                config::receive_device(settings) == interface) {
                return router->on_datagram(datagram);
            }
        }
    }
    ++unknown_vrids_;
    if (!config_->globals.log_unknown_vrids || !vrid) return;
    const auto passed = unknown_lines_.admit(interface + std::to_string(*vrid), common::Clock::now());
    if (!passed) return;
    log::info("Unknown VRID({}) received on interface({}). ignoring...{}", *vrid, interface,
              log::suppressed_note(*passed));
}

// ---- roles and the end

control::Role Engine::role() const {
    struct Row {
        fsm::Role role;
        control::VrrpState state;
    };
    static constexpr Row kRows[] = {
        {fsm::Role::init, control::VrrpState::init},       {fsm::Role::backup, control::VrrpState::backup},
        {fsm::Role::master, control::VrrpState::master},   {fsm::Role::yielding, control::VrrpState::master},
        {fsm::Role::fault, control::VrrpState::fault},     {fsm::Role::stopping, control::VrrpState::stopped},
        {fsm::Role::stopped, control::VrrpState::stopped},
    };
    control::Role message;
    if (!config_) return message;
    message.node = config_->globals.router_id.empty() ? host_name() : config_->globals.router_id;
    for (const auto& router : routers_) {
        const Instance& settings = router->settings();
        control::InstanceRole one{settings.name,
                                  settings.interface,
                                  settings.vrid,
                                  control::VrrpState::init,
                                  router->state().priority,
                                  {}};
        for (const Row& row : kRows) {
            if (row.role == router->state().role) one.state = row.state;
        }
        for (const config::AddressEntry& entry : settings.addresses) {
            one.addresses.push_back(entry.address.to_string() + "/" + std::to_string(entry.prefix));
        }
        message.instances.push_back(std::move(one));
    }
    return message;
}

void Engine::tell_states() {
    for (const auto& router : routers_)
        notifier_.tell_state(router->settings(), router->state().role, router->state().priority);
    for (const config::SyncGroup& group : config_->sync_groups)
        notifier_.tell_state(group, groups_.role(group.name));
}

void Engine::clear_counters() {
    for (const auto& router : routers_) router->clear_counters();
    unknown_vrids_ = 0;
    late_timers_ = {};
}

void Engine::on_transition() {
    if (proxy_) proxy_->send(role());
    if (options_.roles_changed) options_.roles_changed();
}

void Engine::on_finished(Router& router) {
    const auto leaver = std::ranges::find(leaving_, &router, &std::unique_ptr<Router>::get);
    if (leaver != leaving_.end()) {
        bury(std::move(*leaver));
        leaving_.erase(leaver);
    }
    const auto finished = [](const std::unique_ptr<Router>& one) {
        return one->state().role == fsm::Role::stopped;
    };
    if (done_ && std::ranges::all_of(routers_, finished) && leaving_.empty()) finish();
}

void Engine::stop(std::function<void()> done) {
    done_ = std::move(done);
    trackers_.stop();
    for (const auto* group : {&routers_, &leaving_}) {
        std::vector<Router*> all;  // finishing changes the lists
        for (const auto& router : *group) all.push_back(router.get());
        for (Router* router : all) {
            if (router->state().role != fsm::Role::stopped)
                router->stop(options_.keep_addresses, group == &leaving_);
        }
    }
    if (done_ && routers_.empty() && leaving_.empty()) finish();
}

void Engine::run_job(common::process::HelperJob job, HelperPort::Handler handler) {
    helper_.run(std::move(job), std::move(handler));
}

// Nobody needs the node as we made it any more.
void Engine::finish() {
    statics_.remove_all();
    node_.restore(options_.keep_addresses);
    boost::asio::post(io_, std::exchange(done_, nullptr));
}

// Freed by a later turn of the loop, behind the handlers that are already queued for it.
template <class Object>
void Engine::bury(std::unique_ptr<Object> object) {
    boost::asio::post(io_, [keep = std::shared_ptr<Object>(std::move(object))] {});
}

}  // namespace vrrpd::engine
