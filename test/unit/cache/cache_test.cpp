#include "proxyd/cache/cache.h"

#include <catch2/catch.hpp>

#include "message_of.h"
#include "proxyd/cache/visit.h"

using namespace proxyd::cache;
using cache_test::request;
using cache_test::response;

namespace {

constexpr std::int64_t kWall = 784111777;

Settings settings(std::uint64_t total, std::uint64_t most = 0) {
    Settings out;
    out.name = "c";
    out.total_size = total;
    out.max_object = most;
    return out;
}

// A request that passes a cache, and the server's answer if it needs one. True: a hit.
struct Client {
    Cache& cache;
    std::string body = "hello";

    bool get(const std::string& fields = "", const std::string& answer = "", const std::string& host = "h") {
        const auto asks = cache_test::parse("GET /x HTTP/1.1", "Host: " + host + "\r\n" + fields, true);
        Visit visit;
        use(cache, asks->message, asks->arena, visit);
        if (visit.hit) return true;
        const auto comes = response("Cache-Control: max-age=50\r\n" + answer +
                                    "Content-Length: " + std::to_string(body.size()) + "\r\n");
        store(cache, asks->message, comes->message, kWall, visit);
        if (!visit.recording) return false;
        visit.recording->take(body);
        visit.recording->finish();
        return false;
    }
    ObjectRef object(const std::string& key = "h/x") { return cache.find(key, {}, steady_seconds()); }
};

}  // namespace

TEST_CASE("a response is found again as it was, without what was of its connection") {
    Cache cache(settings(1 << 20));
    Client client{cache};
    CHECK_FALSE(client.get(
        "",
        "Connection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nAge: 7\r\nETag: \"e\"\r\nX-A: 1\r\nx-a: 2\r\n"));
    CHECK(client.get());
    const ObjectRef object = client.object();
    REQUIRE(object);
    CHECK(object->body == "hello");
    CHECK(object->etag == "\"e\"");
    CHECK(object->age_at(object->stored_at + 3) == 10);
    common::Arena arena;
    proxyd::http::Message message;
    message.arena = &arena;
    object->fill(message);
    std::string head;
    for (const auto& field : message.fields.all()) head += field.raw;
    CHECK(head == "Cache-Control: max-age=50\r\nETag: \"e\"\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n");
    CHECK_FALSE(client.get("", "", "other"));
}

TEST_CASE("a chunked body is stored without its chunks, whatever pieces it comes in") {
    const std::string wire = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n";
    for (std::size_t at = 1; at < wire.size(); ++at) {
        Cache cache(settings(1 << 20));
        const auto head = response("Transfer-Encoding: chunked\r\n");
        auto recording = Recording::begin(cache, "k", {}, head->message, {10, 0}, kWall);
        REQUIRE(recording);
        // What the relay has consumed: whole lines of the framing.
        proxyd::http::BodyRelay relay;
        relay.start(head->message, proxyd::http::Framing::chunked);
        proxyd::http::Slices out;
        std::string pending;
        for (const std::string& piece : {wire.substr(0, at), wire.substr(at)}) {
            pending += piece;
            for (std::size_t consumed = 1; consumed > 0 && !relay.done();) {
                out.clear();
                consumed = relay.feed(pending, out).consumed;
                recording->take(std::string_view(pending).substr(0, consumed));
                pending.erase(0, consumed);
            }
        }
        recording->finish();
        const ObjectRef object = cache.find("k", {}, steady_seconds());
        REQUIRE(object);
        CHECK(object->body == "abcde");
        CHECK(object->framing == proxyd::http::Framing::chunked);
    }
}

TEST_CASE("what is not finished is not found, and gives its room back") {
    Cache cache(settings(1 << 20));
    const auto head = response("Content-Length: 3000\r\n");
    auto recording = Recording::begin(cache, "k", {}, head->message, {10, 0}, kWall);
    REQUIRE(recording);
    CHECK(cache.used() > 3000);
    CHECK_FALSE(Recording::begin(cache, "k", {}, head->message, {10, 0}, kWall));  // one at a time
    recording->take("abc");
    CHECK_FALSE(cache.find("k", {}, steady_seconds()));
    recording.reset();
    CHECK(cache.used() == 0);
    CHECK(Recording::begin(cache, "k", {}, head->message, {10, 0}, kWall));
}

TEST_CASE("a body that turns out too large is given up") {
    Cache cache(settings(1 << 20));  // objects up to 4096
    const auto head = response("Transfer-Encoding: chunked\r\n");
    auto recording = Recording::begin(cache, "k", {}, head->message, {10, 0}, kWall);
    REQUIRE(recording);
    recording->take("1001\r\n" + std::string(4097, 'x') + "\r\n0\r\n\r\n");
    CHECK(cache.used() == 0);
    recording->finish();
    CHECK_FALSE(cache.find("k", {}, steady_seconds()));
    const auto known = response("Content-Length: 4097\r\n");
    CHECK_FALSE(Recording::begin(cache, "k", {}, known->message, {10, 0}, kWall));
}

TEST_CASE("when it is full the least recently used leave; what is being sent stays counted") {
    Cache cache(settings(20000, 9000));
    Client client{cache, std::string(4000, 'x')};
    for (const char* host : {"a", "b", "c", "d"}) CHECK_FALSE(client.get("", "", host));
    CHECK(cache.used() <= 20000);
    CHECK(client.get("", "", "a"));  // used: now the youngest
    const ObjectRef sent = client.object("b/x");
    REQUIRE(sent);
    CHECK(client.get("", "", "c"));
    CHECK(client.get("", "", "a"));
    CHECK_FALSE(client.get("", "", "e"));  // d is the oldest but b, which is being sent
    CHECK(cache.used() <= 20000);
    CHECK(client.object("b/x"));
    CHECK_FALSE(client.object("d/x"));
    CHECK(client.object("e/x"));
    std::vector<ObjectRef> all = cache.list(steady_seconds());
    CHECK_FALSE(client.get("", "", "f"));  // everything is in use
    CHECK_FALSE(client.object("f/x"));
    all.clear();
    CHECK_FALSE(client.get("", "", "f"));
    CHECK(client.object("f/x"));
    CHECK(cache.used() <= 20000);
}

TEST_CASE("time ends what is stored, and so does an unsafe request") {
    Cache cache(settings(1 << 20));
    Client client{cache};
    client.get();
    const std::int64_t now = steady_seconds();
    CHECK(cache.find("h/x", {}, now + 49));
    CHECK_FALSE(cache.find("h/x", {}, now + 51));
    CHECK(cache.used() == 0);

    client.get();
    CHECK(client.object());
    const auto asks = request("", "POST");
    Visit visit;
    use(cache, asks->message, asks->arena, visit);
    CHECK_FALSE(visit.hit);
    store(cache, asks->message, response("", "404 x")->message, kWall, visit);
    CHECK(client.object());
    store(cache, asks->message, response("", "302 x")->message, kWall, visit);
    CHECK_FALSE(client.object());
}

TEST_CASE("variants live side by side, up to the limit") {
    Settings some = settings(1 << 20);
    some.process_vary = true;
    some.max_variants = 2;
    Cache cache(some);
    Client client{cache};
    const std::string vary = "Vary: referer\r\n";
    const auto from = [&](const std::string& referer) {
        return client.get("Referer: " + referer + "\r\n", vary);
    };
    CHECK_FALSE(from("a"));
    CHECK_FALSE(from("b"));
    CHECK_FALSE(from("c"));  // not stored
    CHECK(from("a"));
    CHECK(from("b"));
    CHECK_FALSE(from("c"));
    cache.remove("h/x");
    CHECK_FALSE(from("c"));
    CHECK(from("c"));
    CHECK_FALSE(client.get("Referer: d\r\n"));  // without Vary: takes the place of all
    CHECK(client.get("Referer: e\r\n"));
    CHECK(cache.list(steady_seconds()).size() == 1);

    Cache plain(settings(1 << 20));
    Client other{plain};
    CHECK_FALSE(other.get("Referer: a\r\n", vary));
    CHECK_FALSE(other.get("Referer: a\r\n", vary));
}
