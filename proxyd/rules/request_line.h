// The parts of a request line as logs keep it ("GET /x?y HTTP/1.1").
#pragma once

#include <string_view>

#include "proxyd/rules/ascii.h"

namespace proxyd::rules {

struct RequestLine {
    bool valid = false;                        // false for "<BADREQ>" and for nothing
    std::string_view method, target, version;  // version empty: HTTP/0.9

    // The target without scheme and authority; empty for "*" and CONNECT.
    std::string_view origin_form() const {
        if (target.starts_with('/')) return target;
        const auto scheme = target.find("://");
        if (scheme == std::string_view::npos) return {};
        const auto slash = target.find('/', scheme + 3);
        return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
};

inline RequestLine split_request_line(std::string_view line) {
    RequestLine out;
    const auto take = [&line] {
        std::size_t end = 0;
        while (end < line.size() && !is_blank(line[end])) ++end;
        const std::string_view word = line.substr(0, end);
        while (end < line.size() && is_blank(line[end])) ++end;
        line.remove_prefix(end);
        return word;
    };
    const std::size_t size = line.size();
    out.method = take();
    out.valid = line.size() + out.method.size() < size;  // a blank followed
    out.target = take();
    out.version = line;
    return out;
}

}  // namespace proxyd::rules
