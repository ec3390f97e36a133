// Turns a Message into the pieces of one gathered write: unchanged runs of received bytes go out as they lie
// in the buffer, the rest is rendered into the arena. Hop-by-hop fields (RFC 9110 section 7.6.1) are decided
// here: Connection, Keep-Alive, Proxy-Connection, Upgrade, Transfer-Encoding and Content-Length go out as the
// options say, whatever the message's fields hold, so no rule can make a message ambiguous.
#pragma once

#include "common/arena.h"
#include "proxyd/http/case_map.h"
#include "proxyd/http/message.h"
#include "proxyd/http/slices.h"

namespace proxyd::http {

struct SerializeOptions {
    // Whether this side's connection lives after the exchange. Said only where the version's default differs.
    bool keep_alive = true;
    // How the body will be framed; see outgoing_framing(). With `length` the number is
    // message.content_length.
    Framing framing = Framing::none;
    // Responses: version that the client spoke. An HTTP/1.0 client is told of keep-alive and gets no chunks.
    Version peer_version = Version::http_1_1;
    // How the peer wants names spelled; null: as they are.
    const CaseMap* spelling = nullptr;
};

// Whether a response of this status has a body (RFC 9110 section 6.4.1); one to HEAD has none either.
constexpr bool allows_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

// The framing to announce towards the other side. Requests keep theirs. A response to an HTTP/1.0 client
// cannot be chunked: until_close. One whose status allows no body, maybe by a rule, has none.
Framing outgoing_framing(const Message& message, Version peer_version);

// Appends head and empty line. `arena` must outlive the write. Never fails: with little room in `out` the
// rest is rendered in one piece (needs out.room() >= 2).
void serialize_head(const Message& message, const SerializeOptions& options, common::Arena& arena,
                    Slices& out);

}  // namespace proxyd::http
