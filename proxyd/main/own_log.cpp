#include "proxyd/main/own_log.h"

#include <array>

#include "common/logging.h"

namespace proxyd::main {
namespace {

namespace log = common::log;

log::Settings current;

void apply() {
    (void)log::configure(current);
}  // without a file nothing can fail

// RFC 5424 severities by log::Level.
constexpr std::array kSeverities{7, 6, 5, 4, 3, 1};

}  // namespace

void log_to_console(bool quiet, bool debug) {
    current.ident = "proxyd";
    current.style = log::Style::haproxy;
    current.console_level = quiet ? log::Level::alert : debug ? log::Level::debug : log::Level::info;
    apply();
}

void log_to_targets(std::function<void(int severity, std::string_view text)> send) {
    current.forward = [send = std::move(send)](log::Level level, std::string_view text) {
        send(kSeverities[static_cast<std::size_t>(level)], text);
    };
    apply();
}

void forget_log_targets() {
    current.forward = nullptr;
    apply();
}

}  // namespace proxyd::main
