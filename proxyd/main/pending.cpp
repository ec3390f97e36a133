// Weak stand-ins for two rooms that have not landed yet, so that the daemon links and serves meanwhile: no
// access log, no runtime commands, no statistics page. Removed with their arrival.
#include "proxyd/admin/cli_server.h"

#define PENDING __attribute__((weak))

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
