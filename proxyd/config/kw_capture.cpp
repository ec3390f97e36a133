// capture and declare capture (configuration manual 4.2).
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

constexpr long kLongest = 65535;

using Slots = std::vector<rules::CaptureSlot> rules::CaptureSlots::*;

// "... len N" at the words from `at` on.
bool read_length(Reading& in, const Statement& line, std::size_t at, std::size_t& length) {
    int number = 0;
    if (line.argument(at) != "len") {
        in.error(line, "'" + line.name() + "' expects 'len <length>'");
        return false;
    }
    if (!read_number(in, line, at + 1, 1, kLongest, number)) return false;
    length = static_cast<std::size_t>(number);
    return true;
}

template <Slots slots>
void capture_header(Reading& in, const Statement& line) {
    if (line.argument(0) != "header")
        return in.error(line, "'" + line.name() + "' expects 'header <name> len <length>'");
    rules::CaptureSlot slot;
    slot.header = line.argument(1);
    if (read_length(in, line, 2, slot.length)) (in.proxy().captures.*slots).push_back(std::move(slot));
}

void capture_cookie(Reading& in, const Statement& line) {
    rules::CaptureSlots& captures = in.proxy().captures;
    if (read_length(in, line, 1, captures.cookie_length)) captures.cookie = line.argument(0);
}

void declare(Reading& in, const Statement& line) {
    rules::CaptureSlots& captures = in.proxy().captures;
    rules::CaptureSlot slot;
    const std::string& which = line.argument(0);
    if (which != "request" && which != "response")
        return in.error(line, "'declare capture' expects request or response");
    if (!read_length(in, line, 1, slot.length)) return;
    (which == "request" ? captures.request : captures.response).push_back(std::move(slot));
}

constexpr Sections kHere = kFrontend | kListen;

constexpr Keyword kCapture[] = {
    works("cookie", kHere, 3, 3, capture_cookie, "<name> len <length>", "remembers a cookie for the log"),
    works("request", kHere, 4, 4, capture_header<&rules::CaptureSlots::request>, "header <name> len <length>",
          "remembers a header of requests for the log"),
    works("response", kHere, 4, 4, capture_header<&rules::CaptureSlots::response>,
          "header <name> len <length>", "remembers a header of responses for the log"),
};
constexpr Keyword kDeclare[] = {
    works("capture", kHere, 3, 3, declare, "request|response len <length>",
          "makes a slot that 'capture ... id' fills"),
};

}  // namespace

std::span<const Keyword> capture_keywords() {
    return kCapture;
}
std::span<const Keyword> declare_keywords() {
    return kDeclare;
}

}  // namespace proxyd::config
