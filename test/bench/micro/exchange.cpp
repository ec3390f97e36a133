#include "exchange.h"

#include <array>
#include <stdexcept>

#include "common/endpoint.h"

namespace bench {

namespace {

constexpr std::array kRequestFields{
    "Host: www.example.org\r\n",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n",
    "Accept-Language: en-US,en;q=0.5\r\n",
    "Accept-Encoding: gzip, deflate, br\r\n",
    "Referer: https://www.example.org/list?page=2\r\n",
    "Cookie: session=4e1f2a77c0ab; theme=dark; basket=17\r\n",
    "Cache-Control: max-age=0\r\n"};
constexpr std::array kResponseFields{"Date: Sun, 22 Nov 2026 18:00:00 GMT\r\n",
                                     "Content-Length: 1024\r\n",
                                     "Server: Apache\r\n",
                                     "Content-Type: text/html; charset=utf-8\r\n",
                                     "Cache-Control: private, max-age=0\r\n",
                                     "Last-Modified: Sat, 21 Nov 2026 09:30:11 GMT\r\n",
                                     "ETag: \"2aa6-5f1c\"\r\n",
                                     "Vary: Accept-Encoding\r\n"};

template <std::size_t N>
std::string with_fields(std::string text, const std::array<const char*, N>& known, int fields) {
    for (int i = 0; i < fields; ++i) {
        const auto index = static_cast<std::size_t>(i);
        text += index < N ? known[index]
                          : "X-Header-" + std::to_string(i) + ": the value of header number " +
                                std::to_string(i) + "\r\n";
    }
    return text + "\r\n";
}

}  // namespace

std::string request_text(int fields) {
    return with_fields("GET /shop/item/4711?color=blue&size=xl HTTP/1.1\r\n", kRequestFields, fields);
}

std::string response_text(int fields) {
    return with_fields("HTTP/1.1 200 OK\r\n", kResponseFields, fields);
}

Exchange::Exchange(int fields) : request_bytes(request_text(fields)), response_bytes(response_text(fields)) {
    request.arena = response.arena = &arena;
    context.arena = &arena;
    context.request = &request;
    context.response = &response;
    context.source = *common::Endpoint::from_ip("192.0.2.7", 40000);
    context.destination = *common::Endpoint::from_ip("198.51.100.1", 443);
    context.frontend_name = "www";
    context.backend_name = "app";
    context.server_name = "app1";
    context.request_line = "GET /shop/item/4711?color=blue&size=xl HTTP/1.1";
    context.status = 200;
    context.bytes_to_client = 1500;
    context.times = {.accept_wall_us = 1'795'360'329'443'000,
                     .request_wall_us = 1'795'360'329'443'000,
                     .accepted = 1'000'000,
                     .handshake_done = 1'000'010,
                     .request_start = 1'000'020,
                     .request_done = 1'000'030,
                     .queue_done = 1'000'040,
                     .connected = 1'000'050,
                     .response_headers = 1'003'000,
                     .finished = 1'003'100};
    begin();
}

void Exchange::begin() {
    arena.reset();
    using namespace proxyd::http;
    request_parser_.start_request({});
    response_parser_.start_response({}, Method::get);
    if (request_parser_.parse(request_bytes, request).status != ParseStatus::done ||
        response_parser_.parse(response_bytes, response).status != ParseStatus::done)
        throw std::logic_error("the benchmark's own messages do not parse");
}

}  // namespace bench
