#include <charconv>

#include "common/text.h"
#include "proxyd/http/chars.h"
#include "proxyd/http/head_check.h"

namespace proxyd::http {

namespace {

// "host:port" apart; `port` stays empty without one. Brackets of an IPv6 literal belong to the host.
struct HostPort {
    std::string_view host, port;
    bool has_colon = false;
};

HostPort split_host(std::string_view text) {
    const std::size_t bracket = text.rfind(']');
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
        return {text, {}, false};
    return {text.substr(0, colon), text.substr(colon + 1), true};
}

bool valid_port(std::string_view port) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    return error == std::errc() && end == port.data() + port.size() && number <= 65535;
}

// uri-host [ ":" port ]; an empty port is legal (RFC 3986 section 3.2.3), an empty host only in Host itself.
bool valid_host(std::string_view text, bool accept_invalid) {
    if (all_class(text, kPlainHost)) return true;
    const bool chars =
        accept_invalid ? text.find_first_of(" \t/?#@") == std::string_view::npos : all_class(text, kHost);
    if (!chars) return false;
    const HostPort parts = split_host(text);
    const bool literal = parts.host.starts_with('[');
    if (literal != parts.host.ends_with(']')) return false;
    if (!literal && parts.host.find_first_of(":[]") != std::string_view::npos) return false;
    return parts.port.empty() || valid_port(parts.port);
}

std::string_view default_port(std::string_view scheme) {
    if (common::iequals(scheme, "http")) return "80";
    if (common::iequals(scheme, "https")) return "443";
    return {};
}

// Without the port where it is empty or the scheme's own.
std::string_view normalized(std::string_view authority, std::string_view usual_port) {
    const HostPort parts = split_host(authority);
    const bool drop =
        parts.has_colon && (parts.port.empty() || (!usual_port.empty() && parts.port == usual_port));
    return drop ? parts.host : authority;
}

HeadFault check_connect(const Message& request, const Field* host) {
    const HostPort parts = split_host(request.target);
    if (parts.host.empty() || parts.port.empty() || !valid_host(request.target, false)) {
        return {400, "CONNECT needs a host and a port"};
    }
    if (host && !common::iequals(host->value, request.target) && !common::iequals(host->value, parts.host)) {
        return {400, "Host differs from the target of CONNECT"};
    }
    return {};
}

HeadFault check_absolute(Message& request, const Field* host, bool accept_invalid) {
    const std::size_t colon = request.target.find("://");
    if (colon == 0 || colon == std::string_view::npos ||
        !all_class(request.target.substr(0, colon), kSchemeChar)) {
        return {400, "the request target is neither a path nor a URI"};
    }
    const std::string_view authority = request.authority();
    if (authority.empty() || authority.find('@') != std::string_view::npos ||
        !valid_host(authority, accept_invalid)) {
        return {400, "invalid authority in the request target"};
    }
    const std::string_view usual_port = default_port(request.target.substr(0, colon));
    const std::string_view wanted = normalized(authority, usual_port);
    if (split_host(wanted).host.empty()) return {400, "no host in the request target"};
    if (host && !common::iequals(normalized(host->value, usual_port), wanted)) {
        return {400, "Host differs from the authority of the target"};
    }
    if (!host || host->value.size() != wanted.size()) request.fields.set(*request.arena, "host", wanted);
    if (wanted.size() != authority.size()) {
        const std::string_view path = request.path_and_query();
        request.target = request.arena->concat({request.target.substr(0, colon + 3), wanted, path});
        request.raw_start_line = {};
    }
    return {};
}

}  // namespace

HeadFault check_target(Message& request, bool accept_invalid) {
    const Field* host = request.fields.find(FieldId::host);
    if (host) {
        const Field first = *host;
        bool repeated = false;
        for (const Field& field : request.fields.all()) {
            if (field.id != FieldId::host || field.value.data() == first.value.data()) continue;
            if (!common::iequals(field.value, first.value)) return {400, "two different Host fields"};
            repeated = true;
        }
        if (repeated) {
            request.fields.remove_if([&](const Field& field) {
                return field.id == FieldId::host && field.value.data() != first.value.data();
            });
            host = request.fields.find(FieldId::host);
        }
        if (!valid_host(host->value, accept_invalid)) return {400, "invalid character in Host"};
    }
    if (request.method == Method::connect) return check_connect(request, host);
    const std::string_view target = request.target;
    if (target == "*") {
        if (request.method != Method::options) return {400, "only OPTIONS may have the target *"};
    } else if (target.front() != '/') {
        return check_absolute(request, host, accept_invalid);
    }
    if (!host && request.version == Version::http_1_1) return {400, "HTTP/1.1 request without Host"};
    return {};
}

}  // namespace proxyd::http
