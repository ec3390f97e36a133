#include "proxyd/http/message.h"

#include <catch2/catch.hpp>

#include "common/arena.h"

using namespace proxyd::http;

TEST_CASE("known field names are found without case, others are not") {
    CHECK(field_id("Host") == FieldId::host);
    CHECK(field_id("HOST") == FieldId::host);
    CHECK(field_id("tE") == FieldId::te);
    CHECK(field_id("Sec-WebSocket-Accept") == FieldId::sec_websocket_accept);
    CHECK(field_id("transfer-encoding") == FieldId::transfer_encoding);
    for (const char* name :
         {"", "h", "Hosts", "hos\x74\x01", "contentlength", "content_length", "content-lengtk"}) {
        INFO(name);
        CHECK(field_id(name) == FieldId::other);
    }
    CHECK(field_id("\x0host") == FieldId::other);
    CHECK(field_id("content\rlength") == FieldId::other);
}

TEST_CASE("methods are case-sensitive") {
    CHECK(method_id("GET") == Method::get);
    CHECK(method_id("DELETE") == Method::del);
    CHECK(method_id("get") == Method::other);
    CHECK(method_id("") == Method::other);
}

TEST_CASE("occurrences count from either end") {
    common::Arena arena;
    Fields fields;
    fields.add(arena, "A", "1");
    fields.add(arena, "a", "2");
    fields.add(arena, "B", "x");
    fields.add(arena, "A", "3");
    CHECK(fields.value("a", 1) == "1");
    CHECK(fields.value("a", 3) == "3");
    CHECK_FALSE(fields.value("a", 4));
    CHECK(fields.value("a", -1) == "3");
    CHECK(fields.value("a", -3) == "1");
    CHECK_FALSE(fields.value("a", -4));
    CHECK(fields.count("A") == 3);
    fields.set(arena, "A", *fields.value("a", 2));
    CHECK(fields.count("A") == 1);
    CHECK(fields.value("a", 1) == "2");
    CHECK(fields.all().front().name == "B");
}

TEST_CASE("parts of targets") {
    struct Row {
        Method method;
        const char *target, *path, *query, *authority;
    };
    for (const Row& row :
         {Row{Method::get, "/a/b?c=d", "/a/b", "c=d", ""}, Row{Method::get, "/", "/", "", ""},
          Row{Method::get, "http://h:1/a?b", "/a", "b", "h:1"}, Row{Method::get, "http://h", "", "", "h"},
          Row{Method::get, "http://h?q", "", "q", "h"}, Row{Method::options, "*", "", "", ""},
          Row{Method::connect, "h:1", "", "", "h:1"},
          Row{Method::get, "/r?u=http://x/", "/r", "u=http://x/", ""},
          Row{Method::get, "/a#f?x", "/a", "", ""}}) {
        Message message;
        message.method = row.method;
        message.target = row.target;
        INFO(row.target);
        CHECK(message.path() == row.path);
        CHECK(message.query() == row.query);
        CHECK(message.authority() == row.authority);
    }
}

TEST_CASE("an arena hands out what fits and keeps one chunk") {
    common::Arena arena(64);
    const std::string_view a = arena.copy("abc");
    const std::string_view big = arena.copy(std::string(1000, 'x'));
    const std::string_view b = arena.concat({"d", "", "ef"});
    CHECK(a == "abc");
    CHECK(b == "def");
    CHECK(big.size() == 1000);
    arena.reset();
    const char* first = arena.allocate(10).data();
    arena.give_back(4);
    CHECK(arena.allocate(1).data() == first + 6);
    arena.reset();
    CHECK(arena.allocate(1).data() == first);
}
