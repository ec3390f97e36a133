// option NAME: what is logged and how (configuration manual 4.2, 8.2, 8.3).
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using observe::LogSettings;
using Kind = LogFormatChoice::Kind;

template <Kind kind>
void set_format(Reading& in, const Statement& line) {
    LogFormatChoice& choice = in.draft->preset.log_format;
    choice = {line.no || line.reset ? Kind::connect : kind, {}, line.where};
}

void set_httplog(Reading& in, const Statement& line) {
    if (line.count() > 0 && line.argument(0) != "clf")
        return in.error(line, "'option httplog' expects nothing or clf, not '" + line.argument(0) + "'");
    if (line.count() > 0) return set_format<Kind::clf>(in, line);
    set_format<Kind::http>(in, line);
}

void set_tcplog(Reading& in, const Statement& line) {
    if (line.count() > 0 && line.argument(0) != "clf")
        return in.error(line, "'option tcplog' expects nothing or clf, not '" + line.argument(0) + "'");
    if (line.count() > 0) return set_format<Kind::tcp_clf>(in, line);
    set_format<Kind::tcp>(in, line);
}

void ignored_in_backend(Reading& in, const Statement& line) {
    in.no_effect(line, "'" + line.name() + "'", "the frontend's format is the one that is logged");
}

constexpr unsigned char kBoth = kNo | kDefault;

constexpr Keyword kKeywords[] = {
    works("dontlog-normal", kFrontendSide, 0, 0, log_flag<&LogSettings::dontlog_normal>, "",
          "log only what went wrong", kBoth),
    works("dontlognull", kFrontendSide, 0, 0, log_flag<&LogSettings::dontlognull>, "",
          "do not log connections without data", kBoth),
    works("httplog", kFrontendSide, 0, 1, set_httplog, "[clf]", "the HTTP log line", kBoth),
    works("httpslog", kFrontendSide, 0, 0, set_format<Kind::https>, "", "the HTTP log line with TLS", kBoth),
    works("tcplog", kFrontendSide, 0, 1, set_tcplog, "[clf]", "the TCP log line", kBoth),
    works("httplog", kBackend, 0, 1, ignored_in_backend, "[clf]", "ignored with a warning", kBoth),
    works("httpslog", kBackend, 0, 0, ignored_in_backend, "", "ignored with a warning", kBoth),
    works("tcplog", kBackend, 0, 1, ignored_in_backend, "[clf]", "ignored with a warning", kBoth),
    works("log-health-checks", kBackendSide, 0, 0,
          backend_flag<&upstream::BackendSettings::log_health_checks>, "", "log results of checks", kBoth),
    works("log-separate-errors", kFrontendSide, 0, 0, log_flag<&LogSettings::separate_errors>, "",
          "errors are logged with severity err", kBoth),
    works("logasap", kFrontendSide, 0, 0, log_flag<&LogSettings::logasap>, "", "log when the response begins",
          kBoth),
};

}  // namespace

std::span<const Keyword> log_option_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
