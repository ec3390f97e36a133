// Heads for the tests of the cache, parsed as they come from the wire.
#pragma once

#include <stdexcept>
#include <string>

#include "common/arena.h"
#include "proxyd/http/h1_parser.h"

namespace cache_test {

struct Head {
    std::string text;
    common::Arena arena;
    proxyd::http::Message message;
};

inline std::unique_ptr<Head> parse(std::string start_line, const std::string& fields, bool request) {
    auto head = std::make_unique<Head>();
    head->text = std::move(start_line) + "\r\n" + fields + "\r\n";
    head->message.arena = &head->arena;
    proxyd::http::H1Parser parser;
    if (request)
        parser.start_request({});
    else
        parser.start_response({}, proxyd::http::Method::get);
    if (parser.parse(head->text, head->message).status != proxyd::http::ParseStatus::done)
        throw std::logic_error("no head: " + head->text);
    return head;
}

inline std::unique_ptr<Head> request(const std::string& fields, const std::string& method = "GET",
                                     const std::string& version = "HTTP/1.1") {
    return parse(method + " /x " + version, "Host: h\r\n" + fields, true);
}
inline std::unique_ptr<Head> response(const std::string& fields, const std::string& status = "200 OK") {
    return parse("HTTP/1.1 " + status, fields, false);
}

}  // namespace cache_test
