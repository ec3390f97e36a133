#include "common/control/protocol.h"

#include <catch2/catch.hpp>

using namespace common::control;

namespace {

std::vector<Message> samples() {
    Health full{
        ProxyState::draining, 7, 2, 3, {{1, 4}, {2, 0}}, std::vector<BackendHealth>{{"web\n\"x\"", 1, 2}}};
    Health brief{ProxyState::ready, 1, 0, 0, {}, std::nullopt};
    Health emptied{ProxyState::ready, 1, 0, 0, {}, std::vector<BackendHealth>{}};
    Role role{"node-1", {{"VI_1", "eth0", 51, VrrpState::master, 100, {"192.168.36.100/24"}}}};
    Response response{3, "", {{"status", {{"state", "MASTER"}}}}};
    return {Hello{1, "proxyd", "0.1", 4711, 1'700'000'000'000},
            full,
            brief,
            emptied,
            Reloading{5000},
            role,
            Request{3, "show", {"a", "b c"}},
            response,
            Response{4, "no such command", nullptr},
            Unknown{"later"}};
}

}  // namespace

TEST_CASE("every message survives encode and decode") {
    for (const Message& message : samples()) {
        const std::string line = encode(message);
        CAPTURE(line);
        REQUIRE(line.find('\n') == line.size() - 1);
        const auto back = decode(std::string_view(line).substr(0, line.size() - 1));
        REQUIRE(back);
        CHECK(*back == message);
    }
}

TEST_CASE("bad lines are refused with a sentence") {
    const std::string_view line = GENERATE(
        as<std::string_view>{}, "", "{", "[]", "1", "null", R"({"a":1})", R"({"type":1})",
        R"({"type":"hello","pid":"x"})", R"({"type":"hello","pid":1e300})", R"({"type":"hello","pid":1.5})",
        R"({"type":"hello","version":99999999999})", R"({"type":"health"})",
        R"({"type":"health","state":"fine"})", R"({"type":"health","state":"ready","listeners_up":-1})",
        R"({"type":"health","state":"ready","workers":1})",
        R"({"type":"health","state":"ready","workers":[1]})",
        R"({"type":"health","state":"ready","workers":[{"id":-1}]})",
        R"({"type":"role","instances":[{"name":1}]})", R"({"type":"role","instances":[{"state":"king"}]})",
        R"({"type":"request","arguments":[1]})", R"({"type":"hello"} x)",
        std::string_view("{\"type\":\"hello\"}\0", 17), "\xff\xfe");
    CAPTURE(line);
    const auto message = decode(line);
    REQUIRE_FALSE(message);
    CHECK(message.error().text.starts_with("control message: "));
}

TEST_CASE("unknown members are ignored") {
    const auto message = decode(R"({"type":"reloading","announced_ms":5,"later":{"x":[1,2]}})");
    REQUIRE(message);
    CHECK(std::get<Reloading>(*message).announced_ms == 5);
}

TEST_CASE("deep nesting is refused") {
    std::string line = R"({"type":"response","result":)";
    for (int i = 0; i < 1000; ++i) line += "[";
    CHECK_FALSE(decode(line));
}

namespace {

std::vector<std::string> read_lines(std::string_view bytes, std::size_t first, std::size_t step) {
    LineReader reader(100);
    std::vector<std::string> lines;
    std::size_t take = first;
    while (!bytes.empty()) {
        take = std::min(take, bytes.size());
        auto space = reader.prepare();
        REQUIRE(space.size() >= take);
        std::copy_n(bytes.data(), take, space.data());
        reader.commit(take);
        bytes.remove_prefix(take);
        take = step;
        while (auto line = reader.next()) lines.emplace_back(*line);
        if (reader.failed()) lines.emplace_back("<failed>");
    }
    return lines;
}

}  // namespace

TEST_CASE("lines come out alike however the bytes arrive") {
    const std::string longest(100, 'x');
    std::string bytes = "one\ntwo\r\n\n";
    bytes.append(longest).append("\nrest");
    const std::vector<std::string> expected{"one", "two", "", longest};
    CHECK(read_lines(bytes, 1, 1) == expected);
    for (std::size_t split = 1; split < bytes.size(); ++split) {
        CAPTURE(split);
        CHECK(read_lines(bytes, split, bytes.size()) == expected);
    }
}

TEST_CASE("an over-long line fails, with or without its end") {
    CHECK(read_lines(std::string(101, 'x').append("\nnext\n"), 1000, 1000) ==
          std::vector<std::string>{"<failed>"});
    CHECK(read_lines(std::string("ok\n").append(101, 'x'), 1000, 1000) ==
          std::vector<std::string>{"ok", "<failed>"});
}
