// Inside the machine only: what one step works on, and the transitions all event handlers share.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "vrrpd/fsm/machine.h"
#include "vrrpd/packet/advert.h"

namespace vrrpd::fsm {

struct Context {
    const Params& params;
    State state;
    TimePoint now;
    Actions actions;

    void act(Action action) { actions.push_back(std::move(action)); }

    // The two forms of keepalived's lines: 1.2's "VRRP_Instance(VI_1) text", and 2.x's "(VI_1) text".
    void log_instance(std::string_view text, Level level = Level::info);
    void log_short(std::string_view text, Level level = Level::info, bool detail = false);
};

// ---- look at it (no effects) ----

std::uint8_t priority_of(const Context& c);             // effective priority after what is known now
std::optional<std::string> fault_of(const Context& c);  // why the instance cannot run, if so
Duration skew_now(const Context& c);
Duration master_down_now(const Context& c);
// Whether a router with this priority and address wins against us while both are master.
bool outranks(const Context& c, std::uint8_t priority, const packet::IpAddress& source);
// Whether a lower master serves until it hears of us: nopreempt is not set, or preempt_delay is over.
bool preempts(const Context& c);
std::string seconds(Duration time);  // "3.6 s", "31 ms"

// ---- transitions ----

void become_backup(Context& c, std::string reason, Duration wait, std::string_view note = {});
enum class Cause : unsigned char { timeout, resume, group };
void become_master(Context& c, std::string reason, Cause cause);
void become_fault(Context& c, std::string reason);
void begin_yield(Context& c, std::string reason);
void end_yield(Context& c, std::string reason);  // master again
enum class Leave : unsigned char { remove_addresses, keep_addresses };
void take_over(Context& c, Cause cause);  // a backup's wait is over
void finish(Context& c, bool removed, Leave leave = Leave::remove_addresses);
void announce(Context& c, int repeat);  // all addresses, with a line each
void send_advert(Context& c, std::uint8_t priority);
// A master that slept so long that another may be it (Params::expired_priority): backup now. True: it is.
bool gave_way_after_sleep(Context& c);
void advertise(Context& c);  // a master's advert, and what goes with it (Announcing::reassure)

// ---- events ----

void on_advert(Context& c, const AdvertReceived& advert);
void on_timer(Context& c);

}  // namespace vrrpd::fsm
