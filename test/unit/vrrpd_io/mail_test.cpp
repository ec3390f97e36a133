#include "vrrpd/io/mail.h"

#include <catch2/catch.hpp>

#include "common/text.h"

using namespace vrrpd::io;
using common::SmtpDialogue;
using Outcome = SmtpDialogue::Outcome;

namespace {

MailMessage sample() {
    MailMessage message;
    message.server = "mail.example";
    message.port = 2525;
    message.timeout = std::chrono::seconds(3);
    message.helo = "n1.example";
    message.from = "keeper@n1.example";
    message.recipients = {"ops@lab.example", "Ops Team <team@lab.example>"};
    message.subject = "[LVS_DEVEL] VRRP Instance VI_1 - Entering MASTER state";
    message.body = "=> VRRP Instance is now owning VRRP VIPs <=\n.hidden";
    message.date = 1763824329;
    return message;
}

}  // namespace

TEST_CASE("a message survives the way to the helper") {
    CHECK(unpack(pack(sample())) == sample());
    CHECK(unpack("").recipients.empty());
}

TEST_CASE("the dialogue has keepalived's steps, with addresses bare of names") {
    const MailMessage message = sample();
    SmtpDialogue dialogue(as_smtp(message));
    std::string out;
    const auto says = [&](std::string_view line) {
        CHECK(dialogue.reply(line, out) == Outcome::going_on);
        return out;
    };
    CHECK(says("220-mail.example").empty());
    CHECK(says("220 ready") == "HELO n1.example\r\n");
    CHECK(says("250 hello") == "MAIL FROM:<keeper@n1.example>\r\n");
    CHECK(says("250 ok") == "RCPT TO:<ops@lab.example>\r\n");
    CHECK(says("250 ok") == "RCPT TO:<team@lab.example>\r\n");
    CHECK(says("250 ok") == "DATA\r\n");
    const std::string content = says("354 go on");
    CHECK(content.ends_with("\r\n\r\n=> VRRP Instance is now owning VRRP VIPs <=\r\n..hidden\r\n.\r\n"));
    CHECK(content.find("\r\nTo: ops@lab.example, Ops Team <team@lab.example>\r\n") != content.npos);
    CHECK(content.find("\r\nX-Mailer: Keepalived\r\n") != content.npos);
    CHECK(dialogue.reply("250 queued", out) == Outcome::sent);
    CHECK(out == "QUIT\r\n");
}

TEST_CASE("a refusal names the step and the server's words") {
    const MailMessage message = sample();
    struct Case {
        std::vector<const char*> replies;
        const char* error;
    };
    const Case cases[] = {
        {{"554 go away"}, "the greeting answered 554 go away"},
        {{"220 hi", "250 hi", "250 ok", "550 no such user"}, "RCPT TO answered 550 no such user"},
        {{"220 hi", "250 hi", "250 ok", "250 ok", "250 ok", "250 ok"}, "DATA answered 250 ok"},
        {{""}, "the greeting answered "},
    };
    for (const Case& c : cases) {
        SmtpDialogue dialogue(as_smtp(message));
        std::string out;
        Outcome outcome = Outcome::going_on;
        for (const char* reply : c.replies) outcome = dialogue.reply(reply, out);
        CHECK(outcome == Outcome::failed);
        CHECK(dialogue.error() == c.error);
    }
}

TEST_CASE("no line end of a header begins another header") {
    MailMessage message = sample();
    message.subject = "a\r\nBcc: victim@example";
    CHECK(render(message).find("Subject: aBcc: victim@example\r\n") != std::string::npos);
    CHECK(envelope_address("x <a@b>\r\nDATA") == "a@b");
    CHECK(envelope_address(" a@b\r\n") == "a@b");
}

TEST_CASE("a server that is no address is one sentence") {
    MailMessage message = sample();
    message.server = "192.168.x.x";
    std::string text;
    CHECK(send_mail(pack(message), text) == 1);
    CHECK(text.find("smtp_server 192.168.x.x is no address") != text.npos);
    CHECK(text.find('\n') == text.npos);
}

TEST_CASE("all recipients stand in one line unless it were too long for SMTP") {
    MailMessage message = sample();
    message.recipients.assign(100, "somebody-with-a-name@lab.example");
    const std::string content = render(message);
    std::size_t longest = 0, recipients = 0;
    for (const std::string_view line : common::split(content, '\n')) {
        longest = std::max(longest, line.size());
        if (line.find("lab.example") != line.npos && line.find("From:") == line.npos) ++recipients;
    }
    CHECK(longest < 998);
    CHECK(recipients == 4);
}
