// What applications are told, compared with what HAProxy 2.6 told them.
#include "proxyd/fcgi/request.h"

#include <catch2/catch.hpp>
#include <map>

#include "proxyd/fcgi/record.h"

using namespace proxyd;
using namespace proxyd::fcgi;

namespace {

using Params = std::map<std::string, std::string>;

std::size_t read_length(std::string_view& bytes) {
    const auto byte = [&](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
    };
    std::size_t length = byte(0), size = 1;
    if (length >= 128) {
        length = (length & 127) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
        size = 4;
    }
    bytes.remove_prefix(size);
    return length;
}

struct Asked {
    common::Arena arena;
    http::Message request;
    rules::Context context;
    App app;

    explicit Asked(std::string_view target, std::string_view method = "GET") {
        request.arena = context.arena = &arena;
        request.method_text = method;
        request.target = target;
        context.request = &request;
        context.source = *common::Endpoint::from_ip("192.0.2.7", 4711);
        context.destination = *common::Endpoint::from_ip("198.51.100.1", 8080);
        app.docroot = "/var/www";
    }
    void add(std::string_view name, std::string_view value) { request.fields.add(arena, name, value); }
    void split_paths(std::string_view regex) { app.path_info = *rules::Regex::compile(regex, false); }
    void set(std::string_view name, std::string_view format) {
        app.params.push_back(
            {parameter_name(name), *rules::LogFormat::compile(format, rules::LogUse::text), {}});
    }

    // As an application reads them: the last value of a name counts.
    Params told(std::uint64_t body = 0) {
        std::string records, content;
        if (!append_request(app, context, body, records)) return {};
        RecordReader reader;
        Piece piece;
        std::string_view rest = records;
        while (reader.next(rest, piece) == RecordReader::Status::piece)
            if (piece.type == RecordType::params) content += piece.content;
        Params out;
        for (std::string_view bytes = content; !bytes.empty();) {
            const std::size_t name = read_length(bytes), value = read_length(bytes);
            out[std::string(bytes.substr(0, name))] = bytes.substr(name, value);
            bytes.remove_prefix(name + value);
        }
        return out;
    }
};

Params defaults(const Params& more) {
    Params out{{"GATEWAY_INTERFACE", "CGI/1.1"}, {"DOCUMENT_ROOT", "/var/www"},
               {"REQUEST_METHOD", "GET"},        {"SERVER_NAME", "198.51.100.1"},
               {"SERVER_PORT", "8080"},          {"SERVER_PROTOCOL", "HTTP/1.1"},
               {"REMOTE_ADDR", "192.0.2.7"},     {"REMOTE_PORT", "4711"},
               {"CONTENT_LENGTH", "0"},          {"SERVER_SOFTWARE", "HAProxy " FRONTDOOR_VERSION}};
    for (const auto& [name, value] : more) out[name] = value;
    return out;
}

}  // namespace

TEST_CASE("where the script is") {
    struct Row {
        std::string_view target, regex, index, script, path_info;
    };
    constexpr std::string_view kPhp = "^(/.+\\.php)(/.*)?$";
    for (const Row& row : {
             Row{"/a.php", kPhp, "", "/a.php", ""},
             Row{"/a/b.php/x%20y/z", kPhp, "", "/a/b.php", "/x y/z"},
             Row{"/a+b.php/d%2fe", kPhp, "", "/a+b.php", "/d/e"},
             Row{"//x//y.php//z", kPhp, "", "//x//y.php", "//z"},
             Row{"/static/foo", kPhp, "", "/static/foo", ""},
             Row{"/a.php/b", "^(/.+\\.php)", "", "/a.php", ""},
             Row{"/b/c", "^/.+", "", "/b/c", ""},
             Row{"/a/", kPhp, "index.php", "/a/index.php", ""},
             Row{"/a/", "", "index.php", "/a/index.php", ""},
             Row{"/a/", "", "", "/a/", ""},
             Row{"/a%20b", "", "", "/a b", ""},
         }) {
        CAPTURE(row.target);
        Asked asked(row.target);
        if (!row.regex.empty()) asked.split_paths(row.regex);
        asked.app.index_name = row.index;
        Params more{{"REQUEST_URI", std::string(row.target)},
                    {"SCRIPT_NAME", std::string(row.script)},
                    {"SCRIPT_FILENAME", "/var/www" + std::string(row.script)}};
        if (!row.path_info.empty()) {
            more["PATH_INFO"] = row.path_info;
            more["PATH_TRANSLATED"] = "/var/www" + std::string(row.path_info);
        }
        CHECK(asked.told() == defaults(more));
    }
}

TEST_CASE("paths that cannot be told") {
    for (const std::string_view target : {"/a%0ab", "/a%00b", "/a%zzb", "*", "host:80"}) {
        CAPTURE(target);
        Asked asked(target);
        asked.split_paths("^(/.+)$");
        CHECK(asked.told().empty());
        asked.set("SCRIPT_NAME", "/known");  // then the path is not looked at
        CHECK(asked.told().at("SCRIPT_FILENAME") == "/var/www/known");
    }
    CHECK(Asked("/a%0ab").told().at("SCRIPT_NAME") == "/a\nb");  // without path-info it may
}

TEST_CASE("addresses, names, versions, TLS, sizes") {
    Asked asked("/p?q=1&r=%20", "POST");
    asked.request.version = http::Version::http_1_0;
    asked.context.tls = true;
    asked.context.source = {};
    asked.context.destination = {};
    asked.add("Host", "h.example:8080");
    asked.add("Content-Type", "a/b");
    asked.add("Content-Length", "12");
    const Params told = asked.told(12);
    CHECK(told.at("QUERY_STRING") == "q=1&r=%20");
    CHECK(told.at("SERVER_NAME") == "h.example:8080");
    CHECK(told.at("HTTP_HOST") == "h.example:8080");
    CHECK(told.at("SERVER_PROTOCOL") == "HTTP/1.0");
    CHECK(told.at("HTTPS") == "on");
    CHECK(told.at("CONTENT_LENGTH") == "12");
    CHECK(told.at("CONTENT_TYPE") == "a/b");
    CHECK(told.at("REQUEST_METHOD") == "POST");
    for (const char* name :
         {"REMOTE_ADDR", "REMOTE_PORT", "SERVER_PORT", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"})
        CHECK_FALSE(told.contains(name));
}

TEST_CASE("credentials, hop-by-hop fields and Proxy are kept back unless asked for") {
    Asked asked("/");
    const std::array names{"Authorization",
                           "Proxy-Authorization",
                           "Connection",
                           "Keep-Alive",
                           "TE",
                           "Transfer-Encoding",
                           "Upgrade",
                           "Expect",
                           "Proxy"};
    for (const std::string_view name : names) asked.add(name, "x");
    asked.add("X-Foo.Bar", "1");
    CHECK(asked.told() == defaults({{"REQUEST_URI", "/"},
                                    {"SCRIPT_NAME", "/"},
                                    {"SCRIPT_FILENAME", "/var/www/"},
                                    {"HTTP_X_FOO_BAR", "1"}}));
    for (const std::string_view name : names) asked.app.passed.push_back({std::string(name), {}});
    const Params told = asked.told();
    for (const std::string_view name : names) CHECK(told.at("HTTP_" + parameter_name(name)) == "x");
}

TEST_CASE("who asks") {
    struct Row {
        std::string_view authorization, type, user;
    };
    for (const Row& row :
         {Row{"Basic Zm9vOmJhcg==", "Basic", "foo"}, Row{"basic Zm9vOmJhcg==", "Basic", "foo"},
          Row{"Bearer abc", "Bearer", ""}, Row{"basic Zm9v", "", ""}, Row{"Digest x", "", ""}}) {
        CAPTURE(row.authorization);
        Asked asked("/");
        asked.add("Authorization", row.authorization);
        Params told = asked.told();
        CHECK(told["AUTH_TYPE"] == row.type);
        CHECK(told["REMOTE_USER"] == row.user);
        CHECK_FALSE(told.contains("HTTP_AUTHORIZATION"));
    }
}

TEST_CASE("set-param comes last and wins; what is empty is left out") {
    Asked asked("/a");
    asked.add("Host", "h");
    asked.set("x-two", "1");
    asked.set("X_Two", "%[path]");
    asked.set("X_NONE", "%[req.hdr(none)]");
    asked.set("HTTP_HOST", "other");
    asked.set("REQUEST_METHOD", "PUT");
    const Params told = asked.told();
    CHECK(told.at("X_TWO") == "/a");
    CHECK(told.at("HTTP_HOST") == "other");
    CHECK(told.at("REQUEST_METHOD") == "PUT");
    CHECK(told.at("SERVER_NAME") == "h");
    CHECK_FALSE(told.contains("X_NONE"));
}

TEST_CASE("a request without a body is whole") {
    Asked asked("/");
    std::string with, without;
    CHECK(append_request(asked.app, asked.context, 0, without));
    CHECK(append_request(asked.app, asked.context, 5, with));
    std::string end;
    end_stream(end, RecordType::standard_input, kRequest);
    CHECK(without.ends_with(end));
    CHECK_FALSE(with.ends_with(end));
    CHECK(without[10] == 1);  // keep the connection
    asked.app.keep_conn = false;
    without.clear();
    CHECK(append_request(asked.app, asked.context, 0, without));
    CHECK(without[10] == 0);
}
