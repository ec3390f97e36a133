// What a complete head means, whatever wire version brought it: how its body ends (RFC 9112 section 6),
// whether the connection stays (section 9.3), where it is addressed to (section 3.2). Refuses what could mean
// two things.
#pragma once

#include "proxyd/http/message.h"

namespace proxyd::http {

struct HeadFault {
    int status = 0;  // to answer; 0: no fault
    const char* text = "";
    explicit operator bool() const { return status != 0; }
};

// Decides framing, content_length, keep_alive, upgrade, expect_continue; drops fields that Connection names,
// duplicates of Host and Content-Length, Content-Length beside Transfer-Encoding, TE but `trailers`.
HeadFault check_request_head(Message& request, bool accept_invalid);
HeadFault check_response_head(Message& response, Method request_method);

// Target and Host only: forms by method, agreement of authority and Host, the default port.
HeadFault check_target(Message& request, bool accept_invalid);

}  // namespace proxyd::http
