// A request or a response, whatever wire version it came by: start line, fields, framing. Text is held as
// views into the connection's buffer (received) or the request's arena (added by rules); both outlive the
// message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/arena.h"

namespace proxyd::http {

// Fields that the proxy itself looks at; found by the parser in one look-up.
enum class FieldId : std::uint8_t {
    other,
    host,
    connection,
    proxy_connection,
    keep_alive,
    content_length,
    transfer_encoding,
    te,
    trailer,
    upgrade,
    expect,
    cookie,
    set_cookie,
    date,
    server,
    content_type,
    cache_control,
    location,
    x_forwarded_for,
    user_agent,
    referer,
    authorization,
    accept_encoding,
    content_encoding,
    sec_websocket_key,
    sec_websocket_accept
};
FieldId field_id(std::string_view name);  // case-insensitive

struct Field {
    std::string_view name;   // as received or added
    std::string_view value;  // without outer blanks
    std::string_view raw;    // "name: value\r\n" when it may go out verbatim, else empty: rendered anew
    FieldId id = FieldId::other;
};

// Ordered fields of a message. Names compare without case. Removing keeps the order of the rest.
class Fields {
 public:
    const std::vector<Field>& all() const { return fields_; }
    const Field* find(FieldId id) const;  // first
    const Field* find(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    // value by occurrence: 1 first, 2 second, -1 last, -2 last but one (HAProxy's hdr(name,occ)); whole field
    // lines
    std::optional<std::string_view> value(std::string_view name, int occurrence) const;

    void append(Field field) { fields_.push_back(field); }
    void add(common::Arena& arena, std::string_view name,
             std::string_view value);  // copies both; "name: value\r\n"
    void set(common::Arena& arena, std::string_view name, std::string_view value);  // remove all, then add
    std::size_t remove(FieldId id);
    std::size_t remove(std::string_view name);
    template <class Predicate>
    std::size_t remove_if(Predicate predicate) {
        return std::erase_if(fields_, predicate);
    }
    void replace_value(common::Arena& arena, std::size_t index, std::string_view value);
    void clear() { fields_.clear(); }
    void release() { std::vector<Field>().swap(fields_); }

 private:
    std::vector<Field> fields_;
};

enum class Method : std::uint8_t { other, get, head, post, put, del, connect, options, trace, patch };
Method method_id(std::string_view name);  // case-sensitive, RFC 9110 section 9

enum class Version : std::uint8_t { http_1_0, http_1_1, http_2 };

// How the end of the body is known (RFC 9112 section 6).
enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct Message {
    bool is_request = true;
    Version version = Version::http_1_1;
    // request
    Method method = Method::other;
    std::string_view method_text;
    std::string_view target;  // as received or set by rules: "/path?query", "http://host/path", "*"
    // response
    int status = 0;
    std::string_view reason;
    // start line as received, with its line end, when it may go out verbatim (not touched by rules), else
    // empty
    std::string_view raw_start_line;
    // the empty line that ended the head, as received (CR LF), else empty: head and body then go out as one
    // piece
    std::string_view raw_end;

    Fields fields;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;  // framing == length
    bool keep_alive = true;            // the sender lets the connection live after this message
    bool upgrade = false;              // valid Connection: upgrade + Upgrade
    bool expect_continue = false;
    bool malformed_accepted = false;  // odd bytes let through by option accept-invalid-http-request

    common::Arena* arena = nullptr;

    std::string_view path() const;   // of target: without scheme, authority, query; "" for "*" and CONNECT
    std::string_view query() const;  // after '?', "" without
    std::string_view path_and_query() const;
    std::string_view authority() const;  // of an absolute target, else empty
    std::string_view host() const;       // Host field or authority

    void set_target(std::string_view new_target);  // copies into the arena
    void clear();                                  // keeps capacity
};

}  // namespace proxyd::http
