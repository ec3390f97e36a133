// Heads of requests and responses as a cache reads them: fields of any value, dates, tags, codings.
#include <cstdint>
#include <cstdlib>

#include "proxyd/cache/visit.h"
#include "proxyd/http/h1_parser.h"

using namespace proxyd;

namespace {

struct Head {
    explicit Head(std::string bytes, bool request) : text(std::move(bytes)) {
        message.arena = &arena;
        http::H1Parser parser;
        if (request)
            parser.start_request({});
        else
            parser.start_response({}, http::Method::get);
        complete = parser.parse(text, message).status == http::ParseStatus::done;
    }
    std::string text;
    common::Arena arena;
    http::Message message;
    bool complete = false;
};

}  // namespace

// The fields before an empty line are the request's, those behind it the response's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t half = std::min(input.find("\r\n\r\n"), input.size());
    const Head request("GET /x HTTP/1.1\r\nHost: h\r\n" + std::string(input.substr(0, half)) + "\r\n\r\n",
                       true);
    const Head response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" +
                            std::string(input.substr(std::min(half + 4, input.size()))) + "\r\n\r\n",
                        false);
    if (!request.complete || !response.complete) return 0;
    cache::Settings settings;
    settings.total_size = 100'000;
    settings.max_object = 50'000;
    settings.process_vary = true;
    cache::Cache cache(settings);
    common::Arena arena;
    cache::Visit first, second;
    cache::use(cache, request.message, arena, first);
    cache::store(cache, request.message, response.message, 1'795'413'629, first);
    if (first.hit) std::abort();
    if (first.recording) {
        first.recording->take("abc");
        first.recording->finish();
    }
    cache::use(cache, request.message, arena, second);
    if (second.hit && second.hit->body.size() > 3) std::abort();
    second.clear();
    first.clear();
    if (cache.used() > settings.total_size) std::abort();
    return 0;
}
