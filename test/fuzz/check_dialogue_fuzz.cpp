// Answers to health checks that are dialogues: whatever a server sends, in whatever pieces, each check ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxyd/upstream/check_dialogue.h"
#include "proxyd/upstream/protocol_checks.h"

using namespace proxyd::upstream;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const CheckSequence sequences[] = {
        redis_check(),    smtp_check("HELO localhost"),           postgres_check("u"),
        ldap_check(),     mysql_check("", MysqlClient::since_41), mysql_check("u", MysqlClient::since_41),
        ssl_hello_check()};
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const CheckSequence& sequence : sequences) {
        proxyd::rules::Context context;
        CheckDialogue dialogue(sequence, context);
        // Each step's answer: a length byte and so much of what follows.
        std::string_view rest = bytes;
        for (std::size_t turn = 0; turn < 1000 && !dialogue.result(); ++turn) {
            const auto kind = dialogue.step().kind;
            if (kind == CheckStep::Kind::connect) {
                dialogue.connected(false);
            } else if (kind == CheckStep::Kind::send) {
                dialogue.sent();
            } else if (rest.empty()) {
                dialogue.received({}, true);
            } else {
                const std::size_t length = static_cast<unsigned char>(rest.front());
                dialogue.received(rest.substr(1, length), false);
                rest.remove_prefix(rest.size() - 1 < length ? rest.size() : length + 1);
            }
        }
        if (!dialogue.result() && rest.empty()) std::abort();
    }
    return 0;
}
