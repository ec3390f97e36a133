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

// What a side of the configuration lets pass.
struct HeadOptions {
    // option accept-invalid-http-request / -response: odd bytes in target, names and Host pass; in responses
    // also lines that end with a bare LF. NUL, CR and LF never pass inside a line.
    bool accept_invalid = false;
    // h1-accept-payload-with-any-method: bodies of GET, HEAD and DELETE in HTTP/1.0, which old servers
    // ignore.
    bool payload_with_any_method = false;
    // h1-do-not-close-on-insecure-transfer-encoding: Transfer-Encoding beside Content-Length, or in HTTP/1.0,
    // does not end the connection.
    bool trust_odd_coding = false;
};

// Decides framing, content_length, keep_alive, upgrade, expect_continue; drops fields that Connection names,
// duplicates of Host and Content-Length, Content-Length beside Transfer-Encoding, TE but `trailers`.
HeadFault check_request_head(Message& request, const HeadOptions& options);
HeadFault check_response_head(Message& response, Method request_method, const HeadOptions& options);

// Target and Host only: forms by method, agreement of authority and Host, the default port.
HeadFault check_target(Message& request, bool accept_invalid);

}  // namespace proxyd::http
