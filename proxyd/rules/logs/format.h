// Log formats (configuration manual 8.2): `%variables`, `%{flags}variables`, `%[sample expressions]`, literal
// text; with `%{+json}o` or `%{+cbor}o` (HAProxy 3.0) an object of the items that have a `%(name:type)`.
// Compiled once, rendered into a caller's buffer without allocation. Owner: the rules room.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/diagnostics.h"
#include "common/error.h"
#include "proxyd/rules/context.h"
#include "proxyd/rules/places.h"

namespace proxyd::rules {

class Catalogue;

// The formats behind option httplog, tcplog, httplog clf and the default log line.
extern const std::string_view kHttpLogFormat;
extern const std::string_view kTcpLogFormat;
extern const std::string_view kTcpClfLogFormat;
extern const std::string_view kHttpsLogFormat;
extern const std::string_view kClfLogFormat;
extern const std::string_view
    kConnectLogFormat;  // neither option: "Connect from IP:PORT to IP:PORT (FRONTEND/MODE)"

// Where the text goes decides what blanks, missing values and odd bytes become.
enum class LogUse : unsigned char {
    log,     // a log line: blanks merge, nothing is shown as "-"
    header,  // a header value, a location, a path: control bytes become %XX
    text,    // a body or an identifier: bytes as they are
};

class LogFormat {
 public:
    // `places`: where it is rendered; its samples must be there.
    static common::Result<LogFormat> compile(std::string_view format, LogUse use = LogUse::log,
                                             Catalogue* catalogue = nullptr, Places places = kAnywhere);
    void render(const Context& context, std::string& out) const;  // appends
    bool empty() const { return parts_ == nullptr; }
    // Its text when it has no variables (most header values), else nothing.
    std::optional<std::string_view> constant() const;

 private:
    friend class LogFormatParser;
    struct Parts;
    std::shared_ptr<const Parts> parts_;
};

}  // namespace proxyd::rules
