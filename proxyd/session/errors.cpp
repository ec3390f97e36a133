#include "proxyd/session/errors.h"

#include <algorithm>
#include <array>

namespace proxyd::session {

namespace {

constexpr std::array kEnds{
    //     end                          flags    status answer cli    srv
    EndRow{End::normal, '-', '-', 0, false, false, false},
    EndRow{End::local_reply, 'L', 'R', 0, false, false, false},
    EndRow{End::denied, 'P', 'R', 403, true, false, false},
    EndRow{End::response_denied, 'P', 'H', 502, true, false, false},
    EndRow{End::response_replaced, 'L', 'H', 0, false, false, false},
    EndRow{End::server_redirect, 'L', 'C', 0, false, false, false},
    EndRow{End::response_rejected, 'P', 'D', 0, false, false, false},
    EndRow{End::tarpitted, 'P', 'T', 500, true, false, false},
    EndRow{End::bad_request, 'P', 'R', 400, true, false, false},
    EndRow{End::request_timeout, 'c', 'R', 408, true, false, false},
    EndRow{End::client_left_request, 'C', 'R', 400, true, false, false},
    EndRow{End::client_silent, 'C', 'R', 400, false, false, false},
    EndRow{End::no_server, 'S', 'C', 503, true, false, false},
    EndRow{End::queue_timeout, 's', 'Q', 503, true, false, false},
    EndRow{End::queue_full, 'S', 'Q', 503, true, false, false},
    EndRow{End::client_left_queue, 'C', 'Q', -1, false, true, false},
    EndRow{End::connect_refused, 'S', 'C', 503, true, false, false},
    EndRow{End::connect_timeout, 's', 'C', 503, true, false, false},
    EndRow{End::client_left_connect, 'C', 'C', -1, false, true, false},
    EndRow{End::no_resource, 'R', 'C', 503, true, false, false},
    EndRow{End::server_left_headers, 'S', 'H', 502, true, false, true},
    EndRow{End::server_timeout_headers, 's', 'H', 504, true, false, false},
    EndRow{End::bad_response, 'P', 'H', 502, true, false, false},
    EndRow{End::client_left_headers, 'C', 'H', 400, false, true, false},
    EndRow{End::client_left_upload, 'C', 'D', -1, false, true, false},
    EndRow{End::client_timeout_headers, 'c', 'H', 408, true, true, false},
    EndRow{End::bad_body_headers, 'P', 'H', 400, true, false, false},
    EndRow{End::server_left_data, 'S', 'D', 0, false, false, true},
    EndRow{End::server_timeout_data, 's', 'D', 0, false, false, true},
    EndRow{End::bad_body_data, 'P', 'D', 0, false, false, false},
    EndRow{End::client_left_data, 'C', 'D', 0, false, true, false},
    EndRow{End::client_timeout_data, 'c', 'D', 0, false, true, false},
    EndRow{End::tunnel_timeout, 'c', 'D', 0, false, false, false},
    EndRow{End::server_down_headers, 'D', 'H', 502, true, false, false},
    EndRow{End::server_down_data, 'D', 'D', 0, false, false, false},
    EndRow{End::server_spared_headers, 'U', 'H', 502, true, false, false},
    EndRow{End::server_spared_data, 'U', 'D', 0, false, false, false},
    EndRow{End::wrong_mode, 'I', 'R', 0, false, false, false},
    EndRow{End::internal, 'I', 'H', 500, true, false, false},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kEnds.size(); ++i) {
        if (static_cast<std::size_t>(kEnds[i].end) != i) return false;
    }
    return kEnds.size() == static_cast<std::size_t>(End::internal) + 1;
}
static_assert(in_order(), "the table is indexed by End");

}  // namespace

const EndRow& end_row(End end) {
    return kEnds[static_cast<std::size_t>(end)];
}

End evicted_headers(const upstream::Lease& lease) {
    return lease.server()->down() ? End::server_down_headers : End::server_spared_headers;
}

End evicted_data(const upstream::Lease& lease) {
    return lease.server()->down() ? End::server_down_data : End::server_spared_data;
}

End end_of(upstream::Failure failure) {
    using upstream::Failure;
    switch (failure) {
        case Failure::none:
            return End::normal;
        case Failure::no_server:
            return End::no_server;
        case Failure::queue_timeout:
            return End::queue_timeout;
        case Failure::queue_full:
            return End::queue_full;
        case Failure::client_left_queue:
            return End::client_left_queue;
        case Failure::client_gone:
            return End::client_left_connect;
        case Failure::connect_refused:
            return End::connect_refused;
        case Failure::connect_timeout:
            return End::connect_timeout;
        case Failure::resource:
            return End::no_resource;
        case Failure::stopping:
            return End::no_server;
        case Failure::redirected:
            return End::server_redirect;
    }
    return End::internal;
}

}  // namespace proxyd::session
