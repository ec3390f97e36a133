// How an exchange ended, and what that means on the wire and in the log: one table maps each end to HAProxy's
// termination flags (configuration manual 8.5) and to the status sent or logged.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxyd/upstream/backend.h"

namespace proxyd::session {

enum class End : std::uint8_t {
    normal,
    local_reply,        // redirect, statistics page, authentication, monitor
    denied,             // by a request rule
    response_denied,    // by a response rule
    response_replaced,  // by a response rule: return, redirect
    server_redirect,    // redir of the chosen server
    response_rejected,  // by tcp-response content: nothing of it goes to the client
    tarpitted,
    bad_request,  // the status is the parser's
    request_timeout,
    client_left_request,  // with a part of a request
    client_silent,        // it left, or timed out between requests, without a byte of a request
    no_server,
    queue_timeout,
    queue_full,
    client_left_queue,
    connect_refused,
    connect_timeout,
    client_left_connect,
    no_resource,
    server_left_headers,  // closed or reset before a complete response head
    server_timeout_headers,
    bad_response,
    client_left_headers,  // while the server thought
    client_left_upload,   // in the middle of its body, no response yet
    client_timeout_headers,
    bad_body_headers,  // the request's body is malformed, no response yet
    server_left_data,
    server_timeout_data,
    bad_body_data,  // the response's body is malformed
    client_left_data,
    client_timeout_data,
    tunnel_timeout,
    server_down_headers,  // on-marked-down shutdown-sessions
    server_down_data,
    server_spared_headers,  // on-marked-up shutdown-backup-sessions
    server_spared_data,
    wrong_mode,  // an HTTP request was sent to a TCP backend
    internal
};

struct EndRow {
    End end;
    char cause, phase;                // first two characters of the termination state
    int status;                       // to answer or to log when no response went out; 0: as it is, -1: none
    bool answer;                      // whether the client gets an error page
    bool client_abort, server_abort;  // statistics: cli_abrt, srv_abrt
};

const EndRow& end_row(End end);

// A session whose server is given up (Lease::evicted()), before or after the response's head.
End evicted_headers(const upstream::Lease& lease);
End evicted_data(const upstream::Lease& lease);

// What the way to a server ended with.
End end_of(upstream::Failure failure);

}  // namespace proxyd::session
