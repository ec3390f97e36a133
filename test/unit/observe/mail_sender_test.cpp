#include "proxyd/observe/mail_sender.h"

#include <catch2/catch.hpp>

using namespace proxyd::observe;

// As HAProxy 2.6 writes it.
TEST_CASE("an alert's mail") {
    MailAlert alert;
    alert.from = "a@x.org";
    alert.to = "b@y.org";
    alert.hostname = "myhost";
    const common::SmtpMail mail =
        make_alert(alert, "Server be/s is DOWN. 1 active.\r\nBcc: c@z.org.", 1795412778);
    CHECK(mail.helo == "myhost");
    CHECK(mail.from == "a@x.org");
    CHECK(mail.recipients == std::vector<std::string>{"b@y.org"});
    CHECK(mail.content ==
          "From: a@x.org\r\nTo: b@y.org\r\nDate: Mon, 23 Nov 2026 05:46:18 +0000 (UTC)\r\n"
          "Subject: [HAProxy Alert] Server be/s is DOWN. 1 active.Bcc: c@z.org\r\n\r\n"
          "Server be/s is DOWN. 1 active.Bcc: c@z.org\r\n\r\n.\r\n");
}
