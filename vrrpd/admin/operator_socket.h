// The keeper's own control socket: answers `show` and `metrics`. Root and our own user may ask (the socket's
// mode says so).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/control/server.h"
#include "common/error.h"

namespace vrrpd::admin {

class OperatorSocket {
 public:
    // Called for each question.
    struct Answers {
        std::function<boost::json::value()> status;
        std::function<std::string()> metrics;  // Prometheus text
    };
    OperatorSocket(boost::asio::io_context& io, const std::string& path, const std::string& release,
                   Answers answers);

    // Makes the folder too.
    common::Result<> listen();

 private:
    common::control::Response answer(const common::control::Request& request) const;

    std::string path_;
    Answers answers_;
    common::control::Server server_;
};

// `vrrpd --show`: asks, prints, returns the exit status: 0, or 1 when nobody answers.
int show(const std::string& path, bool as_json);
// `vrrpd --metrics`: likewise; prints Prometheus text.
int show_metrics(const std::string& path);

}  // namespace vrrpd::admin
