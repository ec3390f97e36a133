// `mailers` sections and `email-alert` (configuration manual 3.6, 4.2).
#include <unistd.h>

#include "common/keyword_table.h"
#include "common/smtp.h"
#include "proxyd/config/address.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/mailers_section.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

constexpr int kSmtpPort = 25;

void add_mailer(Reading& in, const Statement& line) {
    auto address = parse_server_address(line.argument(1));
    if (!address) return in.error(line, address.error());
    if (!address->address.is_ip())
        return in.error(line, "'mailer' expects an address and a port, not '" + line.argument(1) + "'");
    if (address->port == 0) address->address.set_port(kSmtpPort);
    in.mailers[in.section_name].mailers.push_back({line.argument(0), address->address});
}

void set_timeout(Reading& in, const Statement& line) {
    if (line.argument(0) != "mail")
        return in.error(line, "'timeout' of a mailers section is 'mail', not '" + line.argument(0) + "'");
    common::Duration time{0};
    if (read_duration(in, line, 1, time) && time.count() > 0) in.mailers[in.section_name].timeout = time;
}

template <std::string MailAlertLines::* member>
void set_text(Reading& in, const Statement& line) {
    MailAlertLines& mail = in.draft->preset.mail;
    mail.*member = common::smtp_one_line(line.argument(0));
    mail.where = line.where;
}

void set_level(Reading& in, const Statement& line) {
    const int level = observe::level_number(line.argument(0));
    if (level < 0) return in.error(line, "'email-alert level': unknown level '" + line.argument(0) + "'");
    in.draft->preset.mail.level = level;
    in.draft->preset.mail.where = line.where;
}

constexpr Keyword kSectionKeywords[] = {
    works("mailer", kMailers, 2, 2, add_mailer, "<name> <address>[:<port>]", "a mail server"),
    works("timeout", kMailers, 2, 2, set_timeout, "mail <time>", "of a connection and of each of its steps"),
};

constexpr Keyword kAlertKeywords[] = {
    works("from", kProxies, 1, 1, set_text<&MailAlertLines::from>, "<address>", "the sender"),
    works("to", kProxies, 1, 1, set_text<&MailAlertLines::to>, "<address>", "the recipient"),
    works("mailers", kProxies, 1, 1, set_text<&MailAlertLines::mailers>, "<section>",
          "which servers send it"),
    works("myhostname", kProxies, 1, 1, set_text<&MailAlertLines::hostname>, "<name>",
          "what this machine is called towards mail servers"),
    works("level", kProxies, 1, 1, set_level, "<level>", "the least urgent that is sent; alert without it"),
};

std::string own_hostname() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

std::shared_ptr<const observe::MailAlert> alert_of(Reading& in, const Draft& draft) {
    const MailAlertLines& lines = draft.preset.mail;
    if (lines.where.line == 0) return nullptr;
    if (lines.mailers.empty() || lines.from.empty() || lines.to.empty()) {
        in.out.warning(lines.where,
                       "'" + draft.name + "' sends no mail: 'email-alert' needs 'mailers', 'from' and 'to'");
        return nullptr;
    }
    const auto found = in.mailers.find(lines.mailers);
    if (found == in.mailers.end()) {
        std::vector<std::string_view> names;
        for (const auto& [name, section] : in.mailers) names.push_back(name);
        in.out.error(lines.where, "'email-alert': unable to find mailers '" + lines.mailers + "'" +
                                      common::did_you_mean(lines.mailers, names));
        return nullptr;
    }
    auto alert = std::make_shared<observe::MailAlert>();
    alert->from = lines.from;
    alert->to = lines.to;
    alert->hostname = lines.hostname.empty() ? own_hostname() : lines.hostname;
    alert->level = lines.level;
    alert->mailers = found->second;
    return alert;
}

}  // namespace

std::span<const Keyword> mailers_keywords() {
    return kSectionKeywords;
}

std::span<const Keyword> mail_alert_keywords() {
    return kAlertKeywords;
}

void open_mailers(Reading& in, const Statement& line) {
    if (!in.mailers.try_emplace(line.words[1]).second)
        in.error(line, "there is already a mailers section named '" + line.words[1] + "'");
}

void finish_mailers(Reading& in) {
    for (const auto& draft : in.proxies) in.model.mail_alerts.push_back(alert_of(in, *draft));
}

}  // namespace proxyd::config
