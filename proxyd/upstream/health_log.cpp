#include "proxyd/upstream/health_log.h"

namespace proxyd::upstream {

namespace {

std::string head(const ServerNews& news, std::string_view state) {
    std::string line = news.is_backup ? "Backup Server " : "Server ";
    line.append(news.backend).append("/").append(news.server).append(" is ").append(state);
    if (news.result != nullptr) line += ", " + reason(*news.result);
    return line + ". " + std::to_string(news.active) + " active and " + std::to_string(news.backup) +
           " backup servers ";
}

std::string online_line(const ServerNews& news, std::string_view state) {
    const bool on_backup = news.active == 0 && news.backup > 0;
    return head(news, state) + "online." + (on_backup ? " Running on backup." : "") + " " +
           std::to_string(news.requeued) + " sessions requeued, " + std::to_string(news.remaining) +
           " total in queue.";
}

}  // namespace

std::string server_down_line(const ServerNews& news) {
    const bool on_backup = news.active == 0 && news.backup > 0;
    return head(news, "DOWN") + "left." + (on_backup ? " Running on backup." : "") + " " +
           std::to_string(news.sessions) + " sessions active, " + std::to_string(news.requeued) +
           " requeued, " + std::to_string(news.remaining) + " remaining in queue.";
}

std::string server_up_line(const ServerNews& news) {
    return online_line(news, "UP");
}

std::string server_stopping_line(const ServerNews& news) {
    return online_line(news, "stopping");
}

std::string no_server_line(std::string_view backend) {
    return "backend " + std::string(backend) + " has no server available!";
}

std::string check_line(const ServerNews& news, const CheckResult& result, const std::string& health_text) {
    std::string line = "Health check for ";
    line.append(news.is_backup ? "backup server " : "server ")
        .append(news.backend)
        .append("/")
        .append(news.server);
    line.append(passed(result.status) ? " succeeded, " : " failed, ").append(reason(result));
    return line + ", status: " + health_text + ".";
}

}  // namespace proxyd::upstream
