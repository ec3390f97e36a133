#include "proxyd/upstream/protocol_checks.h"

#include <array>
#include <ctime>
#include <string>

#include <openssl/rand.h>

namespace proxyd::upstream {

namespace {

using Kind = CheckStep::Kind;
using Match = CheckStep::Match;

CheckStep send_step(std::string bytes) {
    CheckStep step;
    step.kind = Kind::send;
    step.bytes = std::move(bytes);
    return step;
}

CheckStep expect_step(Match match, const char* pattern, CheckStatus on_mismatch) {
    CheckStep step;
    step.kind = Kind::expect;
    step.match = match;
    step.pattern = pattern;
    step.on_mismatch = on_mismatch;
    if (match != Match::text)
        step.regex = std::make_shared<rules::Regex>(std::move(*rules::Regex::compile(pattern, false)));
    return step;
}

CheckStep judge_step(CheckStep::Judge judge) {
    CheckStep step;
    step.kind = Kind::expect;
    step.match = Match::judge;
    step.judge = judge;
    return step;
}

CheckSequence protocol(std::vector<CheckStep> steps) {
    return {std::move(steps), false};
}

std::string big_endian(std::size_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
    return out;
}

unsigned byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// The message that an LDAP server sends behind its verdict is short: RFC 4511, 4.2.2, with lengths of one
// byte, or of up to four when the first one says so (X.690, 8.1.3.5).
std::optional<std::size_t> skip_length(std::string_view message, std::size_t at) {
    if (at >= message.size()) return std::nullopt;
    const unsigned first = byte_at(message, at);
    return at + 1 + ((first & 0x80) != 0 ? first & 0x7f : 0);
}

std::optional<CheckResult> ldap_bind_answer(std::string_view message, bool) {
    const CheckResult strange{CheckStatus::l7_invalid, 0, "Not LDAPv3 protocol"};
    const auto content = skip_length(message, 1);  // behind SEQUENCE
    // messageID 1, then [APPLICATION 1] BindResponse
    if (!content || message.substr(std::min(*content, message.size())).substr(0, 4) != "\x02\x01\x01\x61")
        return strange;
    const auto response = skip_length(message, *content + 4);
    if (!response || message.size() < *response + 3 || message.substr(*response, 2) != "\x0a\x01")
        return strange;
    const unsigned code = byte_at(message, *response + 2);
    if (code == 0) return CheckResult{CheckStatus::l7_ok, 0, "Success"};
    return CheckResult{CheckStatus::l7_wrong_status, static_cast<int>(code),
                       "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"};
}

// A packet of a MySQL server: three bytes of length, a number, the content. 0xff begins an error: its code in
// two bytes, its text.
std::optional<std::string_view> mysql_packet(std::string_view received) {
    if (received.size() < 5) return std::nullopt;
    const std::size_t length = byte_at(received, 0) | byte_at(received, 1) << 8 | byte_at(received, 2) << 16;
    if (received.size() < 4 + length) return std::nullopt;
    return received.substr(4, length);
}

std::optional<CheckResult> mysql_answer(std::string_view received, bool complete) {
    const auto packet = mysql_packet(received);
    if (!packet) {
        if (!complete) return std::nullopt;
        return CheckResult{CheckStatus::l7_invalid, 0, {}};
    }
    if (byte_at(*packet, 0) != 0xff) return CheckResult{};
    const unsigned code = byte_at(*packet, 1) | byte_at(*packet, 2) << 8;
    return CheckResult{CheckStatus::l7_wrong_status, static_cast<int>(code),
                       std::string(packet->substr(std::min<std::size_t>(3, packet->size())))};
}

// Protocol version 10, then the server's version up to a zero byte.
std::optional<CheckResult> mysql_greeting(std::string_view received, bool complete) {
    auto answer = mysql_answer(received, complete);
    if (!answer || answer->status != CheckStatus::unknown) return answer;
    const std::string_view packet = *mysql_packet(received);
    const std::string_view version = packet.substr(std::min<std::size_t>(1, packet.size()));
    answer->info = version.substr(0, version.find('\0'));
    return answer;
}

std::string mysql_login(std::string_view user, MysqlClient client) {
    using namespace std::string_literals;
    // Capabilities: the old protocol, or CLIENT_PROTOCOL_41 with CLIENT_SECURE_CONNECTION; packets of at most
    // one byte; no password.
    std::string login;
    if (client == MysqlClient::before_41) {
        login = "\x00\x80\x00\x00\x01"s + std::string(user) + '\0';
    } else {
        login = "\x00\x82\x00\x00\x00\x80\x00\x01\x21"s + std::string(23, '\0') + std::string(user) + "\0\0"s;
    }
    const auto packet = [](const std::string& content, char number) {
        return std::string{static_cast<char>(content.size()), static_cast<char>(content.size() >> 8), '\0',
                           number} +
               content;
    };
    return packet(login, 1) + packet("\x01", 0);  // and good bye
}

}  // namespace

CheckSequence redis_check() {
    CheckStep pong = expect_step(Match::text, "+PONG\r\n", CheckStatus::l7_wrong_status);
    pong.success_info = "Redis server is ok";
    pong.info_offset = 0;
    return protocol({CheckStep{}, send_step("*1\r\n$4\r\nPING\r\n"), pong});
}

CheckSequence smtp_check(std::string_view greeting) {
    const auto reply = [](const char* pattern, CheckStatus on_mismatch, int info_offset) {
        CheckStep step = expect_step(Match::regex, pattern, on_mismatch);
        step.min_receive = 4;
        step.info_offset = info_offset;
        step.has_code = true;
        return step;
    };
    CheckStep capabilities = expect_step(
        Match::regex, "^2[0-9]{2}-[^\r]*\r\n(2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]|^2[0-9]{2}[ \r]",
        CheckStatus::l7_wrong_status);
    capabilities.info_offset = 4;
    capabilities.has_code = true;
    return protocol({CheckStep{}, reply("^[0-9]{3}[ \r]", CheckStatus::l7_invalid, 0),
                     reply("^2[0-9]{2}[ \r]", CheckStatus::l7_wrong_status, 4),
                     send_step(std::string(greeting) + "\r\n"), capabilities, send_step("QUIT\r\n"),
                     reply("^2[0-9]{2}[- \r]", CheckStatus::l7_wrong_status, 4)});
}

CheckSequence postgres_check(std::string_view user) {
    using namespace std::string_literals;
    const std::string content = big_endian(0x00030000, 4) + "user\0"s + std::string(user) + "\0\0"s;
    CheckStep error = expect_step(Match::regex, "^E", CheckStatus::l7_invalid);
    error.unwanted = true;
    error.min_receive = 5;
    error.info_offset = 6;
    // AuthenticationRequest of length 8 and up: which ones there are is in PostgreSQL's "Message Formats".
    CheckStep accepted =
        expect_step(Match::binary_regex, "^52000000[A-F0-9]{2}000000(00|02|03|04|05|06|07|09|0A)",
                    CheckStatus::l7_wrong_status);
    accepted.min_receive = 9;
    accepted.success_info = "PostgreSQL server is ok";
    accepted.error_info = "PostgreSQL unknown error";
    return protocol({CheckStep{}, send_step(big_endian(content.size() + 4, 4) + content), error, accepted});
}

CheckSequence ldap_check() {
    using namespace std::string_literals;
    // An anonymous bind of version 3.
    CheckStep sequence = expect_step(Match::binary_regex, "^30", CheckStatus::l7_invalid);
    sequence.min_receive = 14;
    sequence.error_info = "Not LDAPv3 protocol";
    return protocol({CheckStep{}, send_step("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"s),
                     sequence, judge_step(ldap_bind_answer)});
}

CheckSequence mysql_check(std::string_view user, MysqlClient client) {
    if (user.empty()) return protocol({CheckStep{}, judge_step(mysql_greeting)});
    return protocol({CheckStep{}, judge_step(mysql_greeting), send_step(mysql_login(user, client)),
                     judge_step(mysql_answer)});
}

CheckSequence ssl_hello_check() {
    std::string random = big_endian(static_cast<std::size_t>(std::time(nullptr)), 4) + std::string(28, '\0');
    (void)RAND_bytes(reinterpret_cast<unsigned char*>(random.data()) + 4, 28);
    std::string ciphers;
    for (unsigned suite = 0x0001; suite <= 0x001b; ++suite) ciphers += big_endian(suite, 2);
    for (unsigned suite = 0x002f; suite <= 0x003a; ++suite) ciphers += big_endian(suite, 2);
    // RFC 6101, 5.6.1.2: version, random, no session, the suites, no compression.
    const std::string hello = big_endian(0x0300, 2) + random + big_endian(0, 1) +
                              big_endian(ciphers.size(), 2) + ciphers + big_endian(0x0100, 2);
    const std::string handshake = big_endian(1, 1) + big_endian(hello.size(), 3) + hello;
    CheckStep answer = expect_step(Match::binary_regex, "^1[56]", CheckStatus::l6_error);
    answer.min_receive = 5;
    answer.on_match = CheckStatus::l6_ok;
    answer.on_timeout = CheckStatus::l6_timeout;
    return protocol(
        {CheckStep{},
         send_step(big_endian(0x16, 1) + big_endian(0x0300, 2) + big_endian(handshake.size(), 2) + handshake),
         answer});
}

}  // namespace proxyd::upstream
