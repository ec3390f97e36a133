#include "proxyd/peers/dialogue.h"

#include <catch2/catch.hpp>
#include <set>

using namespace proxyd::peers;
using namespace proxyd::state;
using namespace std::chrono_literals;

namespace {

StickTableSettings settings(StickKey key = StickKey::text) {
    StickTableSettings out;
    out.key = key;
    out.size = 1000;
    out.expire_ms = 60'000;
    out.stored = {
        {StickData::gpc0}, {StickData::conn_cur}, {StickData::http_req_rate, 10'000}, {StickData::gpt, 0, 3}};
    return out;
}

// One process: a table and what it knows of the other.
struct Side {
    explicit Side(StickTableSettings of = settings()) : table(std::move(of)) {
        table.note_changes();
        refs.push_back({"t", &table});
        progress.tables.resize(1);
        connect();
    }
    void connect() { dialogue.emplace(refs, progress, now); }
    void set(const std::string& key, std::uint64_t gpc0) {
        table.with(key, true, true, [&](StickTable::Entry& entry) {
            entry.cells[*table.place(StickData::gpc0)].count = gpc0;
            entry.cells[*table.place(StickData::conn_cur)].count = 7;
            entry.cells[*table.place(StickData::gpt, 2)].count = gpc0 + 1;
            entry.cells[*table.place(StickData::http_req_rate)].rate.add(5, StickTable::now_ms(), 10'000);
        });
    }
    std::uint64_t get(const std::string& key, StickData data = StickData::gpc0, unsigned element = 0) {
        std::uint64_t value = 0;
        table.with(key, false, false, [&](StickTable::Entry& entry) {
            const auto& cell = entry.cells[*table.place(data, element)];
            value =
                data == StickData::http_req_rate ? cell.rate.read(StickTable::now_ms(), 10'000) : cell.count;
        });
        return value;
    }
    std::string say(bool up_to_date = true, std::size_t most = 1 << 20) {
        std::string out;
        dialogue->write(out, most, now, up_to_date);
        return out;
    }
    bool hear(std::string_view bytes) {
        std::string answer;
        return dialogue->take(bytes, now, answer) && bytes.empty();
    }

    StickTable table;
    std::vector<TableRef> refs;
    Progress progress;
    common::TimePoint now = common::Clock::now();
    std::optional<Dialogue> dialogue;
};

void exchange(Side& a, Side& b) {
    for (int i = 0; i < 4; ++i) {
        REQUIRE(b.hear(a.say()));
        REQUIRE(a.hear(b.say()));
    }
}

}  // namespace

TEST_CASE("changes reach the other side once, and values replace its own") {
    Side a, b;
    a.set("x", 3);
    b.set("x", 9);
    b.set("y", 4);
    REQUIRE(b.hear(a.say()));
    CHECK(b.get("x") == 3);
    CHECK(b.get("x", StickData::gpt, 2) == 4);
    CHECK(b.get("x", StickData::http_req_rate) == 5);
    CHECK(b.get("x", StickData::conn_cur) == 7);  // its own: never learned
    exchange(a, b);
    CHECK(a.get("y") == 4);
    CHECK(a.get("x") == 3);
    CHECK_FALSE(a.dialogue->has_news());
    CHECK_FALSE(b.dialogue->has_news());
    a.set("x", 5);
    CHECK(a.dialogue->has_news());
    exchange(a, b);
    CHECK(b.get("x") == 5);
}

TEST_CASE("keys of all kinds arrive as they are") {
    for (const StickKey kind :
         {StickKey::ipv4, StickKey::ipv6, StickKey::integer, StickKey::text, StickKey::binary}) {
        Side a(settings(kind)), b(settings(kind));
        const std::string key = kind == StickKey::ipv6     ? std::string(16, '\x1b')
                                : kind == StickKey::binary ? std::string(32, 'b')
                                                           : std::string("\x01\x02\x03\x04");
        a.set(key, 8);
        exchange(a, b);
        CHECK(b.get(key) == 8);
    }
}

TEST_CASE("what was learned is told on request only, and the end of a lesson is confirmed") {
    Side a, b, c;
    a.set("x", 3);
    exchange(a, b);
    exchange(b, c);
    CHECK(c.get("x") == 0);
    c.connect();
    c.dialogue->ask();
    exchange(c, b);
    CHECK(c.get("x") == 3);
    CHECK(c.dialogue->learning() == Dialogue::Lesson::finished);
    CHECK(b.dialogue->taught());
    Side d;
    d.dialogue->ask();
    REQUIRE(b.hear(d.say()));
    REQUIRE(d.hear(b.say(false)));  // it does not know everything itself
    CHECK(d.dialogue->learning() == Dialogue::Lesson::partial);
}

TEST_CASE("a large table goes in pieces; what was not acknowledged is sent again") {
    Side a, b;
    for (int i = 0; i < 900; ++i) a.set("key" + std::to_string(i), static_cast<std::uint64_t>(i));
    int turns = 0;
    while (a.dialogue->has_news()) {
        const std::string piece = a.say(true, 2000);
        CHECK(piece.size() < 8000);
        if (++turns < 3) REQUIRE(b.hear(piece));  // the rest is lost
        REQUIRE(turns < 1000);
    }
    CHECK(b.get("key1") + b.get("key2") + b.get("key899") < 902);
    a.connect();
    b.connect();
    exchange(a, b);
    for (int i = 0; i < 900; ++i) CHECK(b.get("key" + std::to_string(i)) == static_cast<std::uint64_t>(i));
    // What has arrived is not sent again.
    a.connect();
    b.connect();
    a.set("one", 1);
    CHECK(a.say().size() < 200);
}

TEST_CASE("silence is broken by heartbeats, and noticed") {
    Side a, b;
    exchange(a, b);
    CHECK(a.say().empty());
    a.now += 3s;
    const std::string beat = a.say();
    CHECK(beat == std::string("\0\4", 2));
    CHECK(a.say().empty());
    b.now += 4s;
    CHECK_FALSE(b.dialogue->lost(b.now));
    REQUIRE(b.hear(beat));
    b.now += 4s;
    CHECK_FALSE(b.dialogue->lost(b.now));
    b.now += 1s;
    CHECK(b.dialogue->lost(b.now));
}

TEST_CASE("tables that do not fit are left alone, nonsense ends the dialogue") {
    Side text, number(settings(StickKey::integer));
    text.set("x", 3);
    CHECK(number.hear(text.say()));
    CHECK(number.table.used() == 0);
    for (const std::string_view bytes :
         {std::string_view("\x0a\x80\x05\0\0\0\1x", 8), std::string_view("\x0a\x82\x01\x01", 4),
          std::string_view("\x0a\x80\xff\xff\xff\xff", 6), std::string_view("\x01\x00", 2),
          std::string_view("\x0a\x84\x01\x01", 4), std::string_view("\x0a\x83\x01\x09", 4)}) {
        Side side;
        CHECK_FALSE(side.hear(bytes));
    }
    // An update whose data ends early.
    Side a, b;
    a.set("x", 300);
    std::string said = a.say();
    Frame frame;
    std::size_t first = 0;
    REQUIRE(parse_frame(said, frame, first) == Parsed::done);
    std::size_t second = 0;
    REQUIRE(parse_frame(std::string_view(said).substr(first), frame, second) == Parsed::done);
    std::string cut = said.substr(0, first);
    put_table_message(cut, static_cast<TableMessage>(frame.type),
                      frame.body.substr(0, frame.body.size() - 1));
    CHECK_FALSE(b.hear(cut));
    CHECK(b.table.used() == 0);
}
