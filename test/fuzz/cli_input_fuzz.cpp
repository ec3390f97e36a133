// Command lines: cut anywhere, the same commands come out, and what is kept stays bounded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxyd/admin/cli_input.h"

using namespace proxyd::admin;

namespace {

std::string commands_of(std::string_view bytes, std::size_t step) {
    CliInput input;
    std::string text;
    const auto drain = [&] {
        while (const auto line = input.next()) {
            for (const Command& command : *line) {
                for (const std::string& word : command.words) text += word + '\x01';
                text += '\x02' + command.payload + '\x03';
            }
        }
    };
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        if (!input.feed(bytes.substr(at, step))) return text + "refused";
        drain();
    }
    input.end();
    drain();
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > kMaxCommand) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    if (commands_of(bytes, size) != commands_of(bytes, 1)) std::abort();
    return 0;
}
