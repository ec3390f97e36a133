// What an application is told of a request: the CGI parameters of configuration manual 10.2 and RFC 3875
// section 4.1, what `set-param` adds and which fields of the request go along.
#pragma once

#include <cstdint>
#include <string>

#include "common/error.h"
#include "proxyd/fcgi/app.h"
#include "proxyd/rules/context.h"

namespace proxyd::fcgi {

// The number that a connection's only request has.
inline constexpr std::uint16_t kRequest = 1;

// Appends FCGI_BEGIN_REQUEST and the parameters as records, all that comes before the body (of
// `body` bytes), or without one the whole request. `context.request` must be there. False: the application
// cannot be told this path (a newline or NUL in it where `path-info` looks, an escape that is none, no path
// at all). `rules`: whether set-param and pass-header count (they do not for health checks).
enum class Rules : unsigned char { applied, skipped };
bool append_request(const App& app, const rules::Context& context, std::uint64_t body, std::string& out,
                    Rules rules = Rules::applied);

// "X-Forwarded-For" as a parameter is called: X_FORWARDED_FOR.
std::string parameter_name(std::string_view name);

}  // namespace proxyd::fcgi
