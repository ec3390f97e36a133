// Weak stand-ins for two rooms that have not landed yet, so that the daemon links and serves meanwhile: no
// access log, no runtime commands, no statistics page. Removed with their arrival.
#include "proxyd/admin/cli_server.h"
#include "proxyd/observe/access_log.h"
#include "proxyd/observe/log_hub.h"

#define PENDING __attribute__((weak))

namespace proxyd::observe {
PENDING common::Result<LogTarget> parse_log_target(std::span<const std::string>, common::Location) {
    return LogTarget{};
}
PENDING int facility_number(std::string_view) {
    return 16;
}
PENDING int level_number(std::string_view) {
    return 6;
}
struct LogHub::Impl {};
PENDING LogHub::LogHub(int, state::ProcessState*) {}
PENDING LogHub::~LogHub() {}
PENDING common::Result<int> LogHub::open(const LogTarget&) {
    return 0;
}
PENDING common::Result<> LogHub::reopen_files() {
    return {};
}
struct AccessLog::Impl {
    const LogSettings& settings;
};
PENDING AccessLog::AccessLog(const LogSettings& settings, LogHub&) : impl_(new Impl{settings}) {}
PENDING AccessLog::~AccessLog() {}
PENDING void AccessLog::write(net::Worker&, rules::Context&, int) {}
PENDING void AccessLog::write_error(net::Worker&, rules::Context&, int, std::string_view) {}
PENDING void AccessLog::message(int, std::string_view) {}
PENDING const LogSettings& AccessLog::settings() const {
    return impl_->settings;
}
}  // namespace proxyd::observe

namespace proxyd::admin {
struct CliServer::Impl {};
PENDING CliServer::CliServer(View, common::Duration, int) {}
PENDING CliServer::~CliServer() {}
PENDING void CliServer::add(CliSocket) {}
PENDING bool CliServer::empty() const {
    return true;
}
PENDING void CliServer::start() {}
PENDING void CliServer::stop() {}
PENDING session::StatsService make_stats_service(const View&) {
    return [](const auto&, const auto&, const auto&) { return session::ServiceReply{}; };
}
}  // namespace proxyd::admin
