// Sends mail about servers that come and go, in HAProxy's words, on a thread of its own: a slow mail server
// delays nothing but mail.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "common/smtp.h"
#include "proxyd/observe/mail_settings.h"

namespace proxyd::observe {

// The message for a log line. Pure.
common::SmtpMail make_alert(const MailAlert& alert, std::string_view log_line, std::time_t now);

class MailSender {
 public:
    MailSender();
    ~MailSender();  // stops
    MailSender(const MailSender&) = delete;
    MailSender& operator=(const MailSender&) = delete;

    // Any thread. To each mailer of `alert`, which outlives this, when `level` is urgent enough. When more
    // wait than kMostWaiting, it is dropped and said so in the log.
    void send(const MailAlert& alert, int level, std::string_view log_line);
    void start();  // main thread
    void stop();   // what waits is not sent

    static constexpr std::size_t kMostWaiting = 1000;

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
