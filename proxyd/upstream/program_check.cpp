#include "proxyd/upstream/program_check.h"

namespace proxyd::upstream {

namespace {

constexpr std::string_view kNotUsed = "NOT_USED";

std::string or_not_used(const std::string& text) {
    return text.empty() ? std::string(kNotUsed) : text;
}

}  // namespace

common::process::HelperJob program_job(const BackendSettings& backend, const ServerSettings& settings,
                                       const state::ServerState& server, const common::Endpoint& address) {
    const bool local = !address.is_ip();
    const std::string host = local ? address.to_string() : address.ip();
    const std::string port = local ? "" : std::to_string(address.port());
    common::process::HelperJob job;
    job.argv = {backend.check_program, or_not_used(backend.proxy_address), or_not_used(backend.proxy_port),
                host, or_not_used(port)};
    job.environment = {
        "PATH=" + backend.check_path,
        "HAPROXY_PROXY_ADDR=" + backend.proxy_address,
        "HAPROXY_PROXY_ID=" + std::to_string(backend.proxy_id),
        "HAPROXY_PROXY_NAME=" + backend.name,
        "HAPROXY_PROXY_PORT=" + backend.proxy_port,
        "HAPROXY_SERVER_ADDR=" + host,
        "HAPROXY_SERVER_CURCONN=" + std::to_string(server.sessions.now()),
        "HAPROXY_SERVER_ID=" + std::to_string(server.id),
        "HAPROXY_SERVER_MAXCONN=" + std::to_string(server.maxconn.load()),
        "HAPROXY_SERVER_NAME=" + server.name,
        "HAPROXY_SERVER_PORT=" + port,
        "HAPROXY_SERVER_SSL=" + std::string(settings.tls ? "1" : "0"),
        "HAPROXY_SERVER_PROTO=h1",
    };
    const common::Duration time =
        backend.timeout_check > common::Duration::zero() ? backend.timeout_check : settings.check.inter;
    job.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(time);
    return job;
}

CheckResult judge_program(const ProgramResult& result) {
    if (!result.started) return {CheckStatus::socket_error, 0, result.text};
    if (result.timed_out) return {CheckStatus::program_timeout, 0, {}};
    return {result.status == 0 ? CheckStatus::program_ok : CheckStatus::program_error, result.status, {}};
}

}  // namespace proxyd::upstream
