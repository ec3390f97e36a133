#include "proxyd/http/replies.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxyd/http/chars.h"

namespace proxyd::http {

namespace {

struct Page {
    int status;
    std::string_view reason;  // of the start line and the heading
    std::string_view body;
};

#define PROXYD_PAGE(status, reason, sentence) \
    Page{status, reason, "<html><body><h1>" #status " " reason "</h1>\n" sentence "\n</body></html>\n"}

// Monitoring compares sizes: texts are HAProxy's to the byte, its slips ("407 Unauthorized", the dot of 501)
// included.
constexpr Page kPages[] = {
    PROXYD_PAGE(200, "OK", "Service ready."),
    PROXYD_PAGE(400, "Bad request", "Your browser sent an invalid request."),
    PROXYD_PAGE(401, "Unauthorized", "You need a valid user and password to access this content."),
    PROXYD_PAGE(403, "Forbidden", "Request forbidden by administrative rules."),
    PROXYD_PAGE(404, "Not Found", "The resource could not be found."),
    PROXYD_PAGE(405, "Method Not Allowed",
                "A request was made of a resource using a request method not supported by that resource"),
    PROXYD_PAGE(407, "Unauthorized", "You need a valid user and password to access this content."),
    PROXYD_PAGE(408, "Request Time-out", "Your browser didn't send a complete request in time."),
    PROXYD_PAGE(410, "Gone", "The resource is no longer available and will not be available again."),
    PROXYD_PAGE(413, "Payload Too Large", "The request entity exceeds the maximum allowed."),
    PROXYD_PAGE(414, "URI Too Long", "The request target is longer than this server accepts."),
    PROXYD_PAGE(421, "Misdirected Request", "Request sent to a non-authoritative server."),
    PROXYD_PAGE(422, "Unprocessable Content", "The server cannot process the contained instructions."),
    PROXYD_PAGE(425, "Too Early", "Your browser sent early data."),
    PROXYD_PAGE(429, "Too Many Requests", "You have sent too many requests in a given amount of time."),
    PROXYD_PAGE(431, "Request Header Fields Too Large",
                "The request's header fields are larger than this server accepts."),
    PROXYD_PAGE(500, "Internal Server Error", "An internal server error occurred."),
    PROXYD_PAGE(501, "Not Implemented",
                ".The server does not support the functionality required to fulfill the request."),
    PROXYD_PAGE(502, "Bad Gateway", "The server returned an invalid or incomplete response."),
    PROXYD_PAGE(503, "Service Unavailable", "No server is available to handle this request."),
    PROXYD_PAGE(504, "Gateway Time-out", "The server didn't respond in time."),
    PROXYD_PAGE(505, "HTTP Version Not Supported",
                "The server does not support this version of the protocol."),
};
#undef PROXYD_PAGE

struct Reason {
    int status;
    std::string_view text;
};

// RFC 9110 section 15 and the IANA registry of status codes; 302 as HAProxy names it, but in its redirects.
constexpr Reason kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};

constexpr std::string_view kNoCache = "no-cache";
constexpr std::string_view kHtml = "text/html";

const Page* find_page(int status) {
    const auto* const page = std::ranges::find(kPages, status, &Page::status);
    return page == std::end(kPages) ? nullptr : page;
}

void begin(int status, std::string_view reason, std::size_t body_size, common::Arena& arena, Message& reply) {
    reply.clear();
    reply.arena = &arena;
    reply.is_request = false;
    reply.status = status;
    reply.reason = reason;
    reply.framing = Framing::length;
    reply.content_length = body_size;
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), body_size).ptr;
    reply.fields.add(arena, "content-length", {digits.data(), end});
}

void fill_page(const Page& page, common::Arena& arena, Message& reply) {
    begin(page.status, page.reason, page.body.size(), arena, reply);
    reply.fields.add(arena, "cache-control", kNoCache);
    reply.fields.add(arena, "content-type", kHtml);
}

}  // namespace

std::string_view reason_phrase(int status) {
    const auto* const row = std::ranges::find(kReasons, status, &Reason::status);
    if (row != std::end(kReasons)) return row->text;
    switch (status / 100) {
        case 1:
            return "Continue";
        case 2:
            return "OK";
        case 3:
            return "Multiple Choices";
        case 4:
            return "Bad Request";
        default:
            return "Internal Server Error";
    }
}

int page_status(int status) {
    return find_page(status) ? status : 500;
}

std::string_view make_error(int status, common::Arena& arena, Message& reply) {
    const Page& page = *find_page(page_status(status));
    fill_page(page, arena, reply);
    reply.keep_alive = status != 400 && status != 408;
    return page.body;
}

common::Result<std::string_view> make_from_file(std::string_view bytes, common::Arena& arena,
                                                Message& reply) {
    reply.arena = &arena;
    H1Parser parser;
    ParseOptions options;
    options.max_head = bytes.size() + 2;
    options.accept_invalid = true;  // files edited by hand: lines may end with LF alone
    parser.start_response(options, Method::get);
    const ParseResult result = parser.parse(bytes, reply);
    if (result.status == ParseStatus::need_more)
        return common::fail("the header block has no end (empty line)");
    if (result.status == ParseStatus::error) return common::fail(result.error.text);
    const std::string_view body = bytes.substr(result.consumed);
    if (reply.framing == Framing::chunked) return common::fail("a chunked body cannot be served from a file");
    if (reply.framing == Framing::none && !body.empty())
        return common::fail("a body where the status allows none");
    // The file's own count is often stale after an edit; what is there is what goes out.
    if (reply.framing != Framing::none) {
        reply.framing = Framing::length;
        reply.content_length = body.size();
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size()).ptr;
        reply.fields.set(arena, "content-length", {digits.data(), end});
    }
    const Field* const connection = reply.fields.find(FieldId::connection);
    reply.keep_alive = !(connection && connection->value.find("lose") != std::string_view::npos);
    return body;
}

bool make_redirect(const Redirect& redirect, common::Arena& arena, Message& reply) {
    if (find_control(redirect.location, 0) != redirect.location.size()) return false;
    const std::string_view location =
        arena.copy(redirect.location);  // may live in the reply that is cleared now
    begin(redirect.status, redirect.status == 302 ? "Found" : reason_phrase(redirect.status), 0, arena,
          reply);
    reply.fields.add(arena, "location", location);
    const bool temporary = redirect.status != 301 && redirect.status != 308;
    if (temporary) reply.fields.add(arena, "cache-control", kNoCache);
    if (!redirect.set_cookie.empty()) reply.fields.add(arena, "set-cookie", redirect.set_cookie);
    return true;
}

std::string_view make_auth_challenge(std::string_view realm, bool proxy, common::Arena& arena,
                                     Message& reply) {
    const Page& page = *find_page(proxy ? 407 : 401);
    fill_page(page, arena, reply);
    const std::span<char> quoted = arena.allocate(2 * realm.size());
    std::size_t size = 0;
    for (const char c : realm) {
        if (c == '"' || c == '\\') quoted[size++] = '\\';
        quoted[size++] = c;
    }
    arena.give_back(quoted.size() - size);
    const std::string_view challenge = arena.concat({"Basic realm=\"", {quoted.data(), size}, "\""});
    reply.fields.add(arena, proxy ? "proxy-authenticate" : "www-authenticate", challenge);
    return page.body;
}

void make_reply(int status, std::string_view content_type, std::size_t body_size, bool no_cache,
                common::Arena& arena, Message& reply) {
    begin(status, reason_phrase(status), body_size, arena, reply);
    if (no_cache) reply.fields.add(arena, "cache-control", kNoCache);
    if (!content_type.empty()) reply.fields.add(arena, "content-type", content_type);
}

}  // namespace proxyd::http
