#include "vrrpd/engine/notifier.h"

#include <unistd.h>

#include <ctime>

#include "common/logging.h"
#include "vrrpd/engine/users.h"
#include "vrrpd/io/mail.h"

namespace vrrpd::engine {

namespace log = common::log;
using common::process::HelperEvent;
using config::Command;
using config::Notifications;
using fsm::NotifyEvent;

namespace {

// A notify script that has run this long gives way when the next one waits: late news is worse than a cut
// script.
constexpr std::chrono::seconds kPatience{30};

// One row per event: its word in scripts and FIFOs, the script of its own, and what mail says.
struct Row {
    NotifyEvent event;
    const char* word;
    Command Notifications::* own;
    bool generic;         // the generic notify script is told, too
    const char* subject;  // nullptr: no mail
    const char* body;
};

constexpr const char* kOwning = "=> VRRP Instance is now owning VRRP VIPs <=";
constexpr const char* kNotOwning = "=> VRRP Instance is no longer owning VRRP VIPs <=";

constexpr Row kRows[] = {
    {NotifyEvent::master, "MASTER", &Notifications::master, true, "Entering MASTER state", kOwning},
    {NotifyEvent::backup, "BACKUP", &Notifications::backup, true, "Entering BACKUP state", kNotOwning},
    {NotifyEvent::fault, "FAULT", &Notifications::fault, true, "Entering FAULT state", kNotOwning},
    {NotifyEvent::stop, "STOP", &Notifications::stop, true, "Stopping", kNotOwning},
    {NotifyEvent::deleted, "DELETED", &Notifications::deleted, true, "Deleted", kNotOwning},
    {NotifyEvent::lower_prio_received, "MASTER_RX_LOWER_PRI", &Notifications::master_rx_lower_pri, false,
     nullptr, nullptr},
};

const Row* find(NotifyEvent event) {
    for (const Row& row : kRows) {
        if (row.event == event) return &row;
    }
    return nullptr;
}

}  // namespace

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

void Notifier::configure(const config::Config& config) {
    const config::Globals& globals = config.globals;
    globals_ = &globals;
    accounts_.clear();
    const auto look_up = [&](const config::Notifications& notify) {
        for (const Command* command : config::commands_of(notify))
            accounts_.emplace(command, account_for(*command, globals));
    };
    for (const config::Instance& instance : config.instances) look_up(instance.notify);
    for (const config::SyncGroup& group : config.sync_groups) look_up(group.notify);
    node_ = globals.router_id.empty() ? host_name() : globals.router_id;
    struct Pair {
        io::NotifyFifo& fifo;
        const config::Fifo& settings;
    };
    for (const auto& [fifo, settings] : {Pair{fifo_, globals.fifo}, Pair{vrrp_fifo_, globals.vrrp_fifo}}) {
        if (fifo.path() == settings.path) continue;
        const auto account = resolve(settings.owner).value_or(Account{});
        auto opened = settings.path.empty() ? io::NotifyFifo()
                                            : io::NotifyFifo::open(settings.path, account.uid, account.gid);
        if (!opened) {
            log::error("{}", opened.error().text);
            continue;
        }
        fifo = std::move(*opened);
        if (!settings.script) continue;
        auto job = account_for(settings.script, globals).value_or(Account{}).job(settings.script.argv);
        job.argv.push_back(settings.path);
        helper_.run(std::move(job), [name = settings.path](const HelperEvent& event) {
            log::warning("The script that reads FIFO {} has ended ({})", name, event.describe());
        });
    }
}

void Notifier::notify(const config::Instance& instance, const fsm::Notify& notice) {
    const Subject subject{"INSTANCE",    "VRRP Instance", "VRRP_Instance",
                          instance.name, instance.notify, false};
    if (notice.event != NotifyEvent::priority_changed)
        return tell(subject, notice.event, std::to_string(notice.priority));
    // Only for FIFOs, and only on request; the state is that of the last notification.
    if (globals_ == nullptr || !instance.notify.priority_changes.value_or(globals_->notify_priority_changes))
        return;
    const auto last = last_told_.find(subject.key());
    const bool master = last != last_told_.end() && last->second == NotifyEvent::master;
    write("INSTANCE \"" + instance.name + "\" " + (master ? "MASTER" : "BACKUP") + "_PRIORITY " +
          std::to_string(notice.priority) + "\n");
}

void Notifier::notify(const config::SyncGroup& group, NotifyEvent event) {
    tell({"GROUP", "VRRP Group", "VRRP_Group", group.name, group.notify, true}, event, "0");
}

void Notifier::tell(const Subject& subject, NotifyEvent event, const std::string& priority) {
    // A removed instance is told to be in FAULT unless notify_deleted asks for the truth
    // (keepalived.conf(5)).
    if (event == NotifyEvent::deleted && !subject.notify.tell_deleted) event = NotifyEvent::fault;
    const Row* row = find(event);
    if (globals_ == nullptr || row == nullptr) return;
    run(subject, subject.notify.*row->own, {});
    if (row->generic) run(subject, subject.notify.any, {subject.kind, subject.name, row->word, priority});
    write(std::string(subject.kind) + " \"" + subject.name + "\" " + row->word + " " + priority + "\n");
    if (row->subject != nullptr) mail(subject, event);
}

void Notifier::tell_state(const config::Instance& instance, fsm::Role role, int priority) {
    write_state("INSTANCE", instance.name, role, priority);
}

void Notifier::tell_state(const config::SyncGroup& group, fsm::Role role) {
    write_state("GROUP", group.name, role, 0);
}

void Notifier::write_state(const char* kind, const std::string& name, fsm::Role role, int priority) {
    if (role == fsm::Role::init) return;  // nothing has been told yet
    write(std::string(kind) + " \"" + name + "\" " + std::string(fsm::name_of(role)) + " " +
          std::to_string(priority) + "\n");
}

void Notifier::write(const std::string& line) {
    for (io::NotifyFifo* fifo : {&fifo_, &vrrp_fifo_}) {
        if (fifo->write(line)) continue;
        const auto passed = fifo_lines_.admit(fifo->path(), common::Clock::now());
        if (passed)
            log::warning("FIFO {}: nobody reads it, it is full: a line is lost{}", fifo->path(),
                         log::suppressed_note(*passed));
    }
}

// Of a removed instance's former configuration nothing is known any more.
common::Result<Account> Notifier::account_of(const Command& command) const {
    const auto known = accounts_.find(&command);
    return known != accounts_.end() ? known->second : account_for(command, *globals_);
}

void Notifier::run(const Subject& subject, const Command& command, std::vector<std::string> extra) {
    if (!command) return;
    const auto account = account_of(command);
    const ScriptTrouble trouble = account ? script_trouble(command, *account, globals_->script_security)
                                          : ScriptTrouble{account.error().text, false};
    if (!trouble.text.empty()) {
        log::error("{}({}) {} '{}' - not run: {}", subject.log_name, subject.name,
                   trouble.insecure ? "Unsafe permissions found for script" : "cannot run", command.argv[0],
                   trouble.text);
        return;
    }
    auto job = account->job(command.argv);
    job.argv.insert(job.argv.end(), extra.begin(), extra.end());
    job.queue = subject.key();
    job.patience = kPatience;
    const std::string who = std::string(subject.log_name) + "(" + subject.name + ")";
    helper_.run(std::move(job), [who, script = command.argv[0]](const HelperEvent& event) {
        if (event.kind == HelperEvent::Kind::exited && event.status == 0) return;
        log::warning("{} notify script {}: {}", who, script, event.describe());
    });
}

void Notifier::mail(const Subject& subject, NotifyEvent event) {
    const auto [last, first] = last_told_.try_emplace(subject.key(), event);
    const bool repeated = !first && last->second == event;
    last->second = event;
    const config::Mail& settings = globals_->mail;
    if (repeated || !subject.notify.smtp_alert.value_or(settings.alert)) return;
    if (settings.server.empty() || settings.recipients.empty()) return;
    if (event == NotifyEvent::fault && settings.no_email_faults) return;

    const Row* row = find(event);
    io::MailMessage message;
    message.server = settings.server;
    message.port = settings.port;
    message.timeout = std::chrono::ceil<std::chrono::seconds>(settings.timeout);
    message.helo = settings.helo_name.empty() ? host_name() : settings.helo_name;
    message.from = settings.from.empty() ? "keepalived@" + host_name() : settings.from;
    message.recipients = settings.recipients;
    message.subject = "[" + node_ + "] " + subject.title + " " + subject.name + " - " + row->subject;
    message.body = subject.group
                       ? std::string("=> All VRRP group instances are now in ") + row->word + " state <="
                       : row->body;
    message.date = std::time(nullptr);
    common::process::HelperJob job;
    job.task = io::kMailTask.name;
    job.payload = io::pack(message);
    job.queue = "mail";
    // Ten times: connection and each reply have the whole time for themselves.
    job.timeout = message.timeout * 10;
    helper_.run(std::move(job), [](const HelperEvent& sent) {
        if (!sent.final() || (sent.kind == HelperEvent::Kind::exited && sent.status == 0)) return;
        log::warning("{}", sent.text.empty() ? "mail not sent: " + sent.describe() : sent.text);
    });
}

}  // namespace vrrpd::engine
