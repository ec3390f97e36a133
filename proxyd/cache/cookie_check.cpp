#include "proxyd/cache/cookie_check.h"

#include <algorithm>
#include <array>

#include "common/text.h"
#include "proxyd/http/elements.h"

namespace proxyd::cache {
namespace {

using common::iequals;

// As the manual lists them.
constexpr std::array kStatuses{200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501};

bool is_safe(http::Method method) {
    using http::Method;
    return method == Method::get || method == Method::head || method == Method::options ||
           method == Method::trace;
}

bool begins(std::string_view text, std::string_view start) {
    return iequals(text.substr(0, start.size()), start);
}

// What caches may do, as Cache-Control says it word by word.
struct Storage {
    bool allowed, cookie_too = true;
    bool dated = false;  // it says for how long

    void hear(std::string_view word) {
        constexpr std::array<std::string_view, 5> kForbidding{"private", "no-cache", "no-store", "max-age=0",
                                                              "s-maxage=0"};
        dated |= begins(word, "max-age=") || begins(word, "s-maxage=");
        if (begins(word, "no-cache=\"set-cookie")) cookie_too = false;
        const bool forbids =
            std::ranges::any_of(kForbidding, [&](std::string_view each) { return iequals(word, each); });
        if (forbids) allowed = false;
        if (iequals(word, "public")) allowed = cookie_too = true;
    }
};

}  // namespace

bool exposes_cookie(http::Method asked, const http::Message& response) {
    const http::Fields& fields = response.fields;
    if (fields.find(http::FieldId::set_cookie) == nullptr && fields.find("set-cookie2") == nullptr)
        return false;
    const http::Field* const pragma = fields.find("pragma");
    if (pragma != nullptr && iequals(pragma->value, "no-cache")) return false;
    Storage storage{is_safe(asked) && std::ranges::find(kStatuses, response.status) != kStatuses.end()};
    http::for_each_element(fields, "cache-control", [&](std::string_view word) { storage.hear(word); });
    // Without any of these a cache cannot tell how long, nor ask whether it is still good.
    const bool usable = storage.dated || fields.find("etag") != nullptr ||
                        fields.find("last-modified") != nullptr || fields.find("expires") != nullptr;
    return usable && storage.allowed && storage.cookie_too;
}

}  // namespace proxyd::cache
