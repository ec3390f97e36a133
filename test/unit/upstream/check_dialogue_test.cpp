// Checks that are dialogues: what they say to which answers. The wording is haproxy 2.6's, seen in its log.
#include "proxyd/upstream/check_dialogue.h"

#include <catch2/catch.hpp>

#include "proxyd/upstream/protocol_checks.h"

using namespace proxyd::upstream;
using namespace std::string_literals;
using Kind = CheckStep::Kind;
using Match = CheckStep::Match;

namespace {

CheckStep connect_step(int port = 0) {
    CheckStep step;
    step.port = port;
    return step;
}

CheckStep send_step(std::string bytes) {
    CheckStep step;
    step.kind = Kind::send;
    step.bytes = std::move(bytes);
    return step;
}

CheckStep expect_step(Match match, std::string pattern) {
    CheckStep step;
    step.kind = Kind::expect;
    step.match = match;
    step.pattern = std::move(pattern);
    if (match == Match::regex || match == Match::binary_regex)
        step.regex = std::make_shared<proxyd::rules::Regex>(
            std::move(*proxyd::rules::Regex::compile(step.pattern, false)));
    return step;
}

// The end of a check whose server says one answer after each of our texts, the first one before any. Bytes
// come one by one: a verdict must not depend on how they are cut.
struct Talk {
    CheckResult result;
    std::string said;  // by us
};
Talk talk(const CheckSequence& sequence, std::vector<std::string> answers, bool closes = true) {
    common::Arena arena;
    proxyd::rules::Context context;
    context.arena = &arena;
    CheckDialogue dialogue(sequence, context);
    Talk talk;
    std::size_t turn = 0;
    std::string pending;
    while (!dialogue.result()) {
        const CheckStep& step = dialogue.step();
        if (step.kind == Kind::expect) {
            if (!pending.empty()) {
                const std::string byte = pending.substr(0, 1);
                pending.erase(0, 1);
                dialogue.received(byte, false);
            } else if (closes) {
                dialogue.received({}, true);
            } else {
                dialogue.timed_out();
            }
            continue;
        }
        if (step.kind == Kind::send) talk.said += step.bytes;
        if (turn < answers.size()) pending = answers[turn];
        ++turn;
        step.kind == Kind::send ? dialogue.sent() : dialogue.connected(false);
    }
    talk.result = *dialogue.result();
    return talk;
}

std::string text(const CheckResult& result) {
    return std::string(short_name(result.status)) + " " + std::to_string(result.code) + " " + result.info;
}

std::string mysql(const std::string& content) {
    return std::string{static_cast<char>(content.size()), 0, 0, 0} + content;
}

}  // namespace

TEST_CASE("tcp-check: steps in order, each answer to its own question") {
    const CheckSequence sequence{
        {connect_step(), expect_step(Match::text, "220"), expect_step(Match::regex, "^22"), send_step("x"),
         expect_step(Match::binary_regex, "^676F74"), send_step("bye")},
        true};
    const Talk good = talk(sequence, {"220 hello", "got it"});
    CHECK(text(good.result) == "L7OK 0 (tcp-check)");
    CHECK(good.said == "xbye");
    // The greeting is forgotten when something was sent.
    CHECK(text(talk(sequence, {"220 got", "220 got"}).result).starts_with("L7RSP 0 TCPCHK did not match"));
}

TEST_CASE("tcp-check: failures name their step") {
    const auto one = [](CheckStep step) { return CheckSequence{{connect_step(), std::move(step)}, true}; };
    const CheckSequence hello = one(expect_step(Match::text, "hello"));
    CHECK(text(talk(hello, {"220 he"}).result) == "L7RSP 0 TCPCHK did not match content 'hello' at step 2");
    CHECK(text(talk(hello, {"220 he"}, false).result) ==
          "L7TOUT 0  at step 2 of tcp-check (expect string 'hello')");
    CHECK(text(talk(hello, {}).result) == "L7RSP 0 TCPCHK got an empty response at step 2");
    CheckStep unwanted = expect_step(Match::text, "hello");
    unwanted.unwanted = true;
    CHECK(text(talk(one(unwanted), {"hello"}).result) ==
          "L7RSP 0 TCPCHK matched unwanted content 'hello' at step 2");
    CHECK(text(talk(one(unwanted), {"good day"}).result) == "L7OK 0 (tcp-check)");
    CheckStep marked = expect_step(Match::regex, "^33");
    marked.comment = "banner";
    CHECK(text(talk(one(marked), {"220"}, false).result) ==
          "L7TOUT 0  at step 2 of tcp-check (expect regex) comment: 'banner'");
    CheckStep at_once = expect_step(Match::text, "xxx");
    at_once.min_receive = 4;
    at_once.on_mismatch = CheckStatus::l7_wrong_status;
    at_once.error_info = "bad";
    CHECK(text(talk(one(at_once), {"220 hello"}, false).result) == "L7STS 0 bad");

    const CheckSequence elsewhere{{connect_step(9109)}, true};
    proxyd::rules::Context context;
    CheckDialogue refused(elsewhere, context);
    refused.failed({CheckStatus::l4_error, 0, "Connection refused"});
    CHECK(text(*refused.result()) == "L4CON 0 Connection refused at step 1 of tcp-check (connect port 9109)");
    CHECK(text(talk(elsewhere, {}).result) == "L4OK 0 (tcp-check)");
}

TEST_CASE("an answer is kept up to a limit") {
    const CheckSequence sequence{{connect_step(), expect_step(Match::text, "never")}, true};
    CHECK(text(talk(sequence, {std::string(CheckDialogue::kMaxAnswer + 10, 'x')}, false).result) ==
          "L7RSP 0 TCPCHK did not match content 'never' at step 2");
}

TEST_CASE("checks that speak a protocol") {
    const std::string greeting = mysql("\x0a"s + "5.7.33-log\0"s + "rest of it");
    const std::string okay = mysql("\0\0\0\x02\0\0\0"s);
    const auto pg_user = postgres_check("haproxy");
    struct Row {
        CheckSequence sequence;
        std::vector<std::string> answers;
        const char* result;
    };
    const Row rows[] = {
        {redis_check(), {"", "+PONG\r\n"}, "L7OK 0 Redis server is ok"},
        {redis_check(),
         {"", "-NOAUTH Authentication required.\r\n"},
         "L7STS 0 -NOAUTH Authentication required."},
        {smtp_check("HELO localhost"),
         {"220 mx ESMTP\r\n", "250-mx hello\r\n250-SIZE 1000\r\n250 HELP\r\n", "221 bye\r\n"},
         "L7OK 221 bye"},
        {smtp_check("HELO localhost"), {"421 too busy\r\n"}, "L7STS 421 too busy"},
        {smtp_check("HELO localhost"), {"hello\r\n"}, "L7RSP 0 hello"},
        {pg_user, {"", "R\0\0\0\x08\0\0\0\0"s}, "L7OK 0 PostgreSQL server is ok"},
        {pg_user, {"", "E\0\0\0\x20SFATAL\0C28000\0\0"s}, "L7RSP 0 FATAL"},
        {pg_user, {"", "something else"}, "L7STS 0 PostgreSQL unknown error"},
        {ldap_check(), {"", "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"s}, "L7OK 0 Success"},
        {ldap_check(),
         {"", "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00"s},
         "L7STS 49 See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"},
        {ldap_check(), {"", "220 this is a mail server"}, "L7RSP 0 Not LDAPv3 protocol"},
        {ldap_check(), {"", "\x30 with too much behind"}, "L7RSP 0 Not LDAPv3 protocol"},
        {mysql_check("", MysqlClient::since_41), {greeting}, "L7OK 0 5.7.33-log"},
        {mysql_check("u", MysqlClient::since_41), {greeting, okay}, "L7OK 0 5.7.33-log"},
        {mysql_check("u", MysqlClient::since_41),
         {greeting, mysql("\xff\x15\x04#28000Access denied")},
         "L7STS 1045 #28000Access denied"},
        {mysql_check("u", MysqlClient::since_41),
         {mysql("\xff\x69\x04Host is blocked")},
         "L7STS 1129 Host is blocked"},
        {mysql_check("", MysqlClient::since_41), {"\x20\0\0\0abc"s}, "L7RSP 0 "},
        {ssl_hello_check(), {"", "\x16\x03\x00\x00\x31\x02"s}, "L6OK 0 "},
        {ssl_hello_check(), {"", "HTTP/1.0 400\r\n"}, "L6RSP 0 "},
    };
    for (const Row& row : rows) {
        INFO(row.result);
        CHECK(text(talk(row.sequence, row.answers).result) == row.result);
    }
}

TEST_CASE("what the checks say is what servers of these protocols hear from haproxy") {
    const std::string greeting = mysql("\x0a"s + "8\0"s), okay = mysql("\0"s);
    CHECK(talk(redis_check(), {"", "+PONG\r\n"}).said == "*1\r\n$4\r\nPING\r\n");
    CHECK(talk(postgres_check("haproxy"), {}).said == "\0\0\0\x16\0\x03\0\0user\0haproxy\0\0"s);
    CHECK(talk(ldap_check(), {}).said == "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"s);
    CHECK(talk(mysql_check("haproxy", MysqlClient::since_41), {greeting, okay}).said ==
          "\x29\0\0\x01\0\x82\0\0\0\x80\0\x01\x21"s + std::string(23, '\0') + "haproxy\0\0\x01\0\0\0\x01"s);
    const std::string hello = talk(ssl_hello_check(), {}).said;
    CHECK(hello.size() == 5 + 0x79);
    CHECK(hello.starts_with("\x16\x03\0\0\x79\x01\0\0\x75\x03\0"s));
    CHECK(hello.ends_with("\0\x39\0\x3a\x01\0"s));
}
