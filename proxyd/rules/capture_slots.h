// What a frontend remembers of each request and response for its log (configuration manual 4.2 "capture",
// "declare capture", 8.8): slots in order of their lines.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace proxyd::rules {

struct CaptureSlot {
    std::string header;  // empty: rules fill it
    std::size_t length = 0;
};

struct CaptureSlots {
    std::vector<CaptureSlot> request, response;
    std::string cookie;  // a name that begins so; exactly that one when it ends in '='. Empty: none
    std::size_t cookie_length = 0;
};

}  // namespace proxyd::rules
