// What is run and sent at a transition: the same words in vrrp_instance and vrrp_sync_group.
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

template <Command Notifications::* Member>
void read_command(Call& call, Notifications& notify) {
    notify.*Member = call.command_with_user();
}

constexpr Keyword<Notifications> kKeywords[] = {
    {"notify_master", read_command<&Notifications::master>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run on becoming master"},
    {"notify_backup", read_command<&Notifications::backup>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run on becoming backup"},
    {"notify_fault", read_command<&Notifications::fault>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run on FAULT"},
    {"notify_stop", read_command<&Notifications::stop>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run when vrrpd stops"},
    {"notify", read_command<&Notifications::any>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run on every transition with INSTANCE|GROUP, name, state, priority"},
    {"notify_deleted",
     [](Call& c, Notifications& n) {
         n.tell_deleted = true;
         if (c.has(1)) n.deleted = c.command_with_user();
     },
     Effect::full,
     "[\"PROGRAM\" [USER [GROUP]]] run when a reload takes the instance away, and DELETED told instead of "
     "FAULT"},
    {"notify_master_rx_lower_pri", read_command<&Notifications::master_rx_lower_pri>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run when a master hears a lower one"},
    {"smtp_alert", [](Call& c, Notifications& n) { n.smtp_alert = c.boolean(); }, Effect::full,
     "[BOOL]: mail to notification_email at transitions; default: the global smtp_alert"},
    {"notify_priority_changes", [](Call& c, Notifications& n) { n.priority_changes = c.boolean(); },
     Effect::full, "[BOOL]: also tell of changed priorities"},
};

}  // namespace

std::span<const Keyword<Notifications>> notify_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
