// `observe`: sessions count the errors of a server in a row; too many of them are a failed check.
#include <array>
#include <string>

#include "proxyd/upstream/backend_impl.h"

namespace proxyd::upstream {

namespace {

// What each event is to `observe layer4` and to `observe layer7`: 1 good, -1 bad, 0 nothing.
struct Row {
    Seen seen;
    int layer4, layer7;
    std::string_view text;  // HAProxy's, for its log line
};
constexpr std::array kRows{
    Row{Seen::connected, 1, 0, "L4 successful connection"},
    Row{Seen::not_connected, -1, -1, "L4 unsuccessful connection"},
    Row{Seen::good_response, 0, 1, "Correct http response"},
    Row{Seen::bad_status, 0, -1, "Wrong http response"},
    Row{Seen::bad_response, 0, -1, "Invalid http response (headers)"},
    Row{Seen::response_timeout, 0, -1, "Read timeout (http)"},
    Row{Seen::server_left, 0, -1, "Close from server (http)"},
};

}  // namespace

void Lease::judge(Seen what) {
    const Row& row = kRows[static_cast<std::size_t>(what)];
    const int verdict = settings_->observe == Observe::layer4 ? row.layer4 : row.layer7;
    if (verdict == 0) return;
    if (verdict > 0) return server_->consecutive_errors.store(0, std::memory_order_relaxed);
    const int count = server_->consecutive_errors.fetch_add(1, std::memory_order_relaxed) + 1;
    // One thread reaches the limit; those behind it count anew.
    if (count != settings_->error_limit) return;
    server_->consecutive_errors.store(0, std::memory_order_relaxed);
    server_->analyze_failures.fetch_add(1, std::memory_order_relaxed);
    if (backend_->impl_->suspect)
        backend_->impl_->suspect(index_, "Detected " + std::to_string(count) +
                                             " consecutive errors, last one was: " + std::string(row.text));
}

void Backend::on_suspicion(std::function<void(std::size_t server, std::string text)> suspect) {
    impl_->suspect = std::move(suspect);
}

}  // namespace proxyd::upstream
