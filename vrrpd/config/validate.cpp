#include "vrrpd/config/validate.h"

#include <algorithm>
#include <set>

#include "common/keyword_table.h"
#include "vrrpd/config/references.h"
#include "vrrpd/config/vmac.h"

namespace vrrpd::config {
namespace {

using namespace std::chrono_literals;
using packet::AuthType;
using packet::Family;

constexpr Duration kLongestV3Interval = 40950ms;

// One instance on its way from draft to model.
class Completion {
 public:
    // `group`: the sync group it is in, or null.
    Completion(InstanceDraft& draft, const SyncGroupDraft* group, const Config& config,
               common::Diagnostics& diagnostics)
        : draft_(draft),
          group_(group),
          out_(draft.out),
          config_(config),
          globals_(config.globals),
          diagnostics_(diagnostics) {}

    void run() {
        require();
        settle_addresses();
        settle_version();
        settle_vmac();
        settle_priority();
        settle_interval();
        settle_authentication();
        settle_preemption();
        settle_source();
        settle_globals();
        settle_announcements();
        if (*out_.strict) settle_strict();
        out_.accept = draft_.accept.value_or(!*out_.strict || out_.priority == 255);
        settle_tracking();
    }

 private:
    void warn(common::Location where, const std::string& text) {
        diagnostics_.warning(where, out_.name + ": " + text);
    }
    void error(common::Location where, const std::string& text) {
        diagnostics_.error(where, out_.name + ": " + text);
    }
    void note(common::Location where, const std::string& text) {
        diagnostics_.notice(where, out_.name + ": " + text);
    }

    void require() {
        if (out_.interface.empty()) error(out_.where, "'interface' is missing");
        if (out_.interface == "lo")
            error(out_.interface_where, "VRRP does not run on a loopback interface (lo)");
        if (!draft_.vrid_given) error(out_.where, "'virtual_router_id' is missing: a number from 1 to 255");
    }

    void settle_addresses() {
        if (out_.addresses.empty()) {
            if (!draft_.without_addresses)
                warn(out_.where, out_.excluded_addresses.empty()
                                     ? "there is no virtual_ipaddress: nothing moves"
                                     : "there is no virtual_ipaddress, only excluded ones");
            const bool v6 = draft_.native_ipv6 ? true
                            : out_.source      ? out_.source->family() == Family::v6
                                               : !out_.unicast_peers.empty() &&
                                                out_.unicast_peers.front().address.family() == Family::v6;
            out_.family = v6 ? Family::v6 : Family::v4;
            return;
        }
        out_.family = out_.addresses.front().address.family();
        std::erase_if(out_.addresses, [&](const AddressEntry& entry) {
            const bool other = entry.address.family() != out_.family;
            if (other) {
                warn(entry.where, "address " + entry.address.to_string() +
                                      " is of another family than the first one: skipped; "
                                      "virtual_ipaddress_excluded takes it");
            }
            return other;
        });
        if (out_.addresses.size() > packet::kMaxAddresses) {
            warn(out_.addresses[packet::kMaxAddresses].where,
                 "an advert holds 255 addresses; the rest are set, not advertised");
            const auto first = out_.addresses.begin() + static_cast<std::ptrdiff_t>(packet::kMaxAddresses);
            out_.excluded_addresses.insert(out_.excluded_addresses.end(), first, out_.addresses.end());
            out_.addresses.erase(first, out_.addresses.end());
        }
        drop_repeated();
    }

    void drop_repeated() {
        std::set<std::pair<IpAddress, std::string>> seen;
        for (auto* list : {&out_.addresses, &out_.excluded_addresses}) {
            std::erase_if(*list, [&](const AddressEntry& entry) {
                const bool again = !seen.emplace(entry.address, entry.device).second;
                if (again) note(entry.where, "address " + entry.address.to_string() + " stands here twice");
                return again;
            });
        }
    }

    void settle_version() {
        out_.version = draft_.version.value_or(globals_.version);
        if (out_.family == Family::v6 && out_.version == 2) {
            if (draft_.version) warn(out_.where, "version 2 has no IPv6; 3 is used");
            out_.version = 3;
        }
    }

    void settle_priority() {
        const bool owner_by_state = !draft_.priority && out_.state_master.value_or(false);
        out_.priority = draft_.priority.value_or(owner_by_state ? 255 : 100);
        if (!out_.state_master) out_.state_master = out_.priority == 255;
        if (out_.priority == 255 && !*out_.state_master) {
            warn(draft_.state_where, "priority 255 owns the addresses: 'state BACKUP' only delays it");
        }
    }

    void settle_interval() {
        Duration interval = draft_.advert_interval.value_or(Duration(1s));
        if (out_.version == 2) {
            const auto whole = std::max<Duration>(std::chrono::round<std::chrono::seconds>(interval), 1s);
            if (whole != interval) {
                warn(draft_.interval_where, "version 2 has whole seconds: advert_int " +
                                                std::to_string(whole / Duration(1s)) +
                                                " is used; 'version 3' has hundredths");
            }
            interval = whole;
        } else {
            const auto step = std::chrono::round<std::chrono::duration<std::int64_t, std::centi>>(interval);
            interval = std::clamp<Duration>(step, 10ms, kLongestV3Interval);
            if (draft_.advert_interval && interval != *draft_.advert_interval) {
                warn(draft_.interval_where,
                     "version 3 has hundredths of seconds up to 40.95: advert_int is rounded");
            }
        }
        out_.advert_interval = interval;
    }

    void settle_authentication() {
        if (out_.auth == AuthType::none && out_.password.empty()) return;
        if (out_.version == 3) {
            warn(draft_.auth_where, "version 3 has no authentication: ignored");
        } else if (out_.auth == AuthType::pass && out_.password.empty()) {
            warn(draft_.auth_where, "authentication without auth_pass: ignored");
        } else if (!draft_.auth_type_given) {
            warn(draft_.auth_where, "auth_pass without auth_type PASS: ignored");
        } else {
            return;
        }
        out_.auth = AuthType::none;
        out_.password.clear();
    }

    void settle_preemption() {
        if (*out_.state_master && out_.nopreempt) {
            warn(draft_.state_where,
                 "nopreempt needs 'state BACKUP' on all routers: it is dropped, this one takes the addresses "
                 "back");
            out_.nopreempt = false;
        }
        if (out_.expired_priority != 0 && !out_.nopreempt)
            warn(out_.where, "timer_expired_backup means nothing without nopreempt: it is dropped");
        if (out_.preempt_delay <= Duration{}) return;
        if (*out_.state_master) {
            warn(draft_.state_where, "preempt_delay needs 'state BACKUP': it is dropped");
            out_.preempt_delay = {};
        } else if (out_.nopreempt) {
            warn(out_.where, "preempt_delay means nothing with nopreempt: it is dropped");
            out_.preempt_delay = {};
        }
    }

    void settle_source() {
        if (out_.source && out_.source->family() != out_.family) {
            warn(out_.source_where,
                 "source " + out_.source->to_string() + " is of another family than the addresses: ignored");
            out_.source.reset();
        }
        if (out_.multicast_group && out_.multicast_group->family() != out_.family) {
            warn(out_.where, "mcast_dst_ip is of another family than the addresses: ignored");
            out_.multicast_group.reset();
        }
        std::erase_if(out_.unicast_peers, [&](const UnicastPeer& peer) {
            const bool other = peer.address.family() != out_.family;
            if (other)
                warn(peer.where,
                     "unicast peer " + peer.address.to_string() + " is of another family: skipped");
            return other;
        });
        if (out_.track_source && !out_.source)
            warn(out_.where, "track_src_ip without mcast_src_ip or unicast_src_ip: ignored");
        if (out_.fault_no_peer && out_.unicast_peers.empty())
            warn(out_.where, "unicast_fault_no_peer, and there is no unicast_peer: it stays in FAULT");
        const bool knows_old = out_.unicast() && out_.version == 3 && out_.family == Family::v4;
        if (out_.old_unicast_checksum && !knows_old) {
            note(out_.where, "old_unicast_checksum is for unicast, version 3, IPv4: it changes nothing here");
        }
    }

    void settle_globals() {
        out_.down_timer_adverts = draft_.down_timer_adverts.value_or(globals_.down_timer_adverts);
        out_.lower_prio_no_advert = out_.lower_prio_no_advert.value_or(globals_.lower_prio_no_advert);
        out_.higher_prio_send_advert =
            out_.higher_prio_send_advert.value_or(globals_.higher_prio_send_advert);
        out_.skip_check_adv_addr = out_.skip_check_adv_addr.value_or(globals_.skip_check_adv_addr);
        out_.strict = out_.strict.value_or(globals_.strict);
        out_.v3_checksum_as_v2 = out_.v3_checksum_as_v2.value_or(globals_.v3_checksum_as_v2);
        out_.owner_ignore_adverts = out_.owner_ignore_adverts.value_or(globals_.owner_ignore_adverts);
        // A peer's TTL limits are about knowing who sends: they turn the check on.
        const bool limits = std::ranges::any_of(out_.unicast_peers,
                                                [](const UnicastPeer& p) { return p.min_ttl || p.max_ttl; });
        out_.check_unicast_source =
            draft_.check_unicast_source.value_or(globals_.check_unicast_source) || limits;
        out_.notify.smtp_alert = out_.notify.smtp_alert.value_or(globals_.mail.alert);
        out_.notify.priority_changes =
            out_.notify.priority_changes.value_or(globals_.notify_priority_changes);
    }

    void settle_announcements() {
        const GarpSettings& g = globals_.garp;
        GarpSettings& own = out_.garp;
        own.master_delay =
            own.master_delay.value_or(g.master_delay.value_or(Duration(globals_.min_garp ? 0s : 5s)));
        own.master_repeat = own.master_repeat.value_or(g.master_repeat.value_or(globals_.min_garp ? 1 : 5));
        own.reassure = !own.master_refresh && !g.master_refresh && !globals_.min_garp;
        own.master_refresh = own.master_refresh.value_or(g.master_refresh.value_or(Duration{}));
        own.extra = own.extra.value_or(g.extra.value_or(Duration{}));
        own.extra_all = own.extra_all.value_or(g.extra_all.value_or(false));
        own.master_refresh_repeat = own.master_refresh_repeat.value_or(g.master_refresh_repeat.value_or(1));
        own.lower_prio_delay = own.lower_prio_delay.value_or(g.lower_prio_delay.value_or(*own.master_delay));
        own.lower_prio_repeat =
            own.lower_prio_repeat.value_or(g.lower_prio_repeat.value_or(*own.master_repeat));
    }

    void settle_vmac() {
        if (out_.vmac) {
            out_.vmac->transmit_base = draft_.transmit_base || out_.unicast();
            if (out_.vmac->name.empty()) out_.vmac->name = vmac_name(config_, out_);
        } else if (draft_.transmit_base) {
            warn(out_.where, "vmac_xmit_base without use_vmac: ignored");
        }
        settle_address_vmacs(config_, draft_.vmac_addresses, out_);
    }

    // What RFC 3768 and RFC 5798 do not know is dropped, and said.
    void settle_strict() {
        const auto reset = [&](auto& value, auto wanted, const std::string& what) {
            if (value == wanted) return;
            warn(out_.where, "strict mode: " + what);
            value = wanted;
        };
        if (out_.unicast()) error(out_.where, "strict mode: the RFC has no unicast_peer");
        if (out_.addresses.empty())
            error(out_.where, "strict mode: virtual_ipaddress needs at least one address");
        if (*out_.state_master && out_.priority != 255) {
            warn(draft_.state_where, "strict mode: only priority 255 starts as MASTER; BACKUP is used");
            out_.state_master = false;
        }
        if (out_.auth != AuthType::none) {
            warn(draft_.auth_where, "strict mode: authentication is ignored");
            out_.auth = AuthType::none;
            out_.password.clear();
        }
        reset(out_.preempt_delay, Duration{}, "preempt_delay is dropped");
        reset(out_.down_timer_adverts, 3, "down_timer_adverts is 3");
        if (out_.family == Family::v6 && !out_.addresses.empty() &&
            !out_.addresses.front().address.is_link_local())
            error(out_.addresses.front().where, "strict mode: the first IPv6 address must be link-local");
        if (draft_.accept.value_or(false) && out_.version == 2) {
            warn(out_.where,
                 "strict mode: version 2 has no accept mode; packets to the addresses are dropped");
            draft_.accept.reset();
        }
        out_.garp.lower_prio_repeat = 0;
        out_.garp.lower_prio_delay = Duration{};
        out_.lower_prio_no_advert = true;
        if (out_.higher_prio_send_advert.value_or(false))
            warn(out_.where, "strict mode: higher_prio_send_advert is dropped");
        out_.higher_prio_send_advert = false;
        if (out_.vmac)
            reset(out_.vmac->mac, std::optional<packet::MacAddress>(), "use_vmac's MAC is the RFC's");
        if (draft_.accept.value_or(out_.priority == 255)) return;
        warn(out_.where,
             "strict mode: the addresses answer nothing but neighbour discovery; 'accept' in version 3 "
             "lets them serve");
    }

    void settle_tracking() {
        // The group's lines first: where a member repeats one, the group's weight is the common one.
        if (group_ != nullptr) {
            out_.group = group_->out.name;
            resolve(group_->tracks);
        }
        group_tracks_ = out_.tracks.size();
        resolve(draft_.tracks);
        if (group_ != nullptr && !group_->out.member_weights) drop_weights();
        for (const TrackGroup& group : config_.track_groups) {
            if (std::ranges::find(group.members, out_.name) != group.members.end())
                out_.tracks.push_back({{fsm::TrackKind::statics, group.name}, group.where});
        }
        for (const Track& track : out_.tracks) explain_weight(track);
    }

    // As keepalived: a check of one member cannot move a group by weight.
    void drop_weights() {
        for (Track& track : std::span(out_.tracks).subspan(group_tracks_)) {
            if (track.rule.weight == 0) continue;
            warn(track.where, "the weight of '" + track.rule.name + "' is dropped, because " + out_.name +
                                  " is in sync group " + out_.group +
                                  ": failed is FAULT; track it in the group, or say "
                                  "'sync_group_tracking_weight' there");
            track.rule.weight = 0;
        }
    }

    void track(const Track& one) {
        const auto same = [&](const Track& known) {
            return known.rule.kind == one.rule.kind && known.rule.name == one.rule.name;
        };
        if (std::ranges::any_of(std::span(out_.tracks).first(group_tracks_), same)) {
            warn(one.where,
                 "'" + one.rule.name + "' is tracked by its group " + out_.group + ": this line is ignored");
            return;
        }
        out_.tracks.push_back(one);
    }

    void resolve(const TrackDraft& tracks) {
        for (const Track& one : tracks.direct) track(one);
        for (const TrackReference& reference : tracks.named) {
            switch (reference.kind) {
                case fsm::TrackKind::script:
                    resolve(reference, "vrrp_script", config_.scripts);
                    break;
                case fsm::TrackKind::file:
                    resolve(reference, "track_file", config_.track_files);
                    break;
                case fsm::TrackKind::process:
                    resolve(reference, "vrrp_track_process", config_.track_processes);
                    break;
                case fsm::TrackKind::interface:
                case fsm::TrackKind::proxy:
                case fsm::TrackKind::statics:
                    break;
            }
        }
    }

    template <class Tracked>
    void resolve(const TrackReference& reference, const char* block, const std::vector<Tracked>& defined) {
        const auto found = std::ranges::find(defined, reference.name, &Tracked::name);
        if (found == defined.end()) {
            std::vector<std::string_view> names;
            for (const Tracked& known : defined) names.push_back(known.name);
            warn(reference.where, std::string("there is no ") + block + " '" + reference.name +
                                      "': not tracked" + common::did_you_mean(reference.name, names));
            return;
        }
        track({{reference.kind, found->name, reference.weight.value_or(found->weight),
                reference.reverse.value_or(found->reverse)},
               reference.where});
    }

    // The mistake most pairs carry: a weight smaller than the distance of the priorities moves nothing. The
    // peer's priority is not known here, so say the numbers that decide.
    void explain_weight(const Track& track) {
        const fsm::TrackRule& rule = track.rule;
        if (rule.weight == 0) return;
        if (out_.priority == 255) {
            warn(track.where, "weights change nothing at priority 255: '" + rule.name +
                                  "' can fail without moving the addresses");
            return;
        }
        if (rule.kind == fsm::TrackKind::file) return;  // the number in the file decides
        const int sign = rule.reverse ? -1 : 1;
        const int good = fsm::effective_priority(out_.priority, rule.weight > 0 ? rule.weight * sign : 0);
        const int bad = fsm::effective_priority(out_.priority, rule.weight < 0 ? rule.weight * sign : 0);
        if (good == bad) {
            warn(track.where, "the weight of '" + rule.name + "' changes nothing: the priority is " +
                                  std::to_string(good) + " either way (1 to 254)");
        } else if (good > bad) {
            note(track.where, "when '" + rule.name + "' fails the priority falls from " +
                                  std::to_string(good) + " to " + std::to_string(bad) +
                                  ": the addresses move only if a peer then has more than " +
                                  std::to_string(bad));
        }
    }

    InstanceDraft& draft_;
    const SyncGroupDraft* group_;
    std::size_t group_tracks_ = 0;  // how many of its tracks, the first, are the group's
    Instance& out_;
    const Config& config_;
    const Globals& globals_;
    common::Diagnostics& diagnostics_;
};

const SyncGroupDraft* group_of(const Draft& draft, const std::string& instance) {
    const auto at = std::ranges::find_if(draft.sync_groups, [&](const SyncGroupDraft& one) {
        return std::ranges::find(one.out.members, instance) != one.out.members.end();
    });
    return at == draft.sync_groups.end() ? nullptr : &*at;
}

void check_mail(const Globals& globals, common::Diagnostics& diagnostics) {
    const Mail& mail = globals.mail;
    // Looks like an address and is none: "192.168.x.x". Mail fails; nothing else does.
    const bool digits_first = !mail.server.empty() && mail.server[0] >= '0' && mail.server[0] <= '9';
    const bool placeholder = mail.server.find(".x") != std::string::npos;
    if (digits_first && placeholder && !IpAddress::parse(mail.server)) {
        diagnostics.warning(mail.server_where,
                            "smtp_server '" + mail.server + "' is no address: mail will not leave");
    }
}

}  // namespace

Config complete(Draft draft, common::Diagnostics& diagnostics) {
    Config& config = draft.config;
    for (Script& script : config.scripts) {
        if (script.timeout <= Duration{}) script.timeout = script.interval;
    }
    for (AddressEntry& entry : config.static_addresses) {
        if (entry.device.empty()) entry.device = config.globals.default_interface;
    }
    settle_groups(draft, diagnostics);
    settle_track_groups(draft, diagnostics);
    for (InstanceDraft& instance : draft.instances) {
        Completion(instance, group_of(draft, instance.out.name), config, diagnostics).run();
        config.instances.push_back(std::move(instance.out));
    }
    settle_link_delays(config, diagnostics);
    for (SyncGroupDraft& group : draft.sync_groups) config.sync_groups.push_back(std::move(group.out));
    if (config.instances.empty()) {
        const common::Location where =
            config.files->empty() ? common::Location{} : common::Location{*config.files->front(), 0};
        diagnostics.warning(where, "there is no vrrp_instance: nothing to do");
    }
    check_unique(config, diagnostics);
    check_mail(config.globals, diagnostics);
    return std::move(draft.config);
}

}  // namespace vrrpd::config
