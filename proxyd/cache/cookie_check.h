// Whether a response would leave a cookie in a cache on its way, for others to find (configuration
// manual 4.2, `option checkcache`). Pure.
#pragma once

#include "proxyd/http/message.h"

namespace proxyd::cache {

// True: it sets a cookie, and a cache may store it with the cookie.
bool exposes_cookie(http::Method asked, const http::Message& response);

}  // namespace proxyd::cache
