// Syslog messages of strangers: whatever they are, what is made of them fits its target.
#include <cstdint>
#include <cstdlib>

#include "proxyd/observe/syslog_message.h"

using namespace proxyd::observe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    LogTarget target;
    target.format_given = size % 9 != 0;
    target.format = static_cast<LogTarget::Format>(size % 8);
    target.max_length = 200;
    std::string out;
    append_syslog(target, parse_syslog(input), 1'795'413'629'838'030, out);
    if (out.size() > target.max_length + 1) std::abort();
    std::string_view message;
    std::size_t consumed = 0;
    if (take_syslog(input, message, consumed) == SyslogFrame::done &&
        (consumed > size || message.size() > consumed))
        std::abort();
    return 0;
}
