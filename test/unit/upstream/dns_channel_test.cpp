#include "proxyd/upstream/dns_channel.h"

#include <catch2/catch.hpp>

#include "proxyd/upstream/name_memory.h"

using namespace proxyd::upstream;
using namespace std::chrono_literals;

TEST_CASE("messages of a stream come behind their length, in any pieces") {
    const std::string bytes =
        frame_dns_message("one") + frame_dns_message("") + frame_dns_message(std::string(300, 'x'));
    CHECK(bytes.substr(0, 5) == std::string("\0\3one", 5));
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        std::vector<std::string> seen;
        std::string in;
        for (const std::string& piece : {bytes.substr(0, split), bytes.substr(split)}) {
            in += piece;
            std::string_view message;
            while (const std::size_t taken = next_dns_message(in, message)) {
                seen.emplace_back(message);
                in.erase(0, taken);
            }
        }
        INFO(split);
        CHECK(in.empty());
        CHECK(seen == std::vector<std::string>{"one", "", std::string(300, 'x')});
    }
}

TEST_CASE("every counter has its name once") {
    for (const DnsCounterRow& row : kDnsCounters)
        CHECK(std::ranges::count(kDnsCounters, row.counter, &DnsCounterRow::counter) == 1);
    DnsCounters counters;
    ++counters.others;
    CHECK(counters.*std::ranges::find(kDnsCounters, "other", &DnsCounterRow::name)->counter == 1);
}

TEST_CASE("a name is known until its time is over, by section, case and family") {
    const common::TimePoint start{1h};
    NameMemory memory;
    const int section = 0, other = 0;
    const auto address = *common::Endpoint::from_ip("192.0.2.1", 0);
    memory.keep({&section, "a.b", AF_INET}, address, start + 10s);
    CHECK(memory.find({&section, "a.b", AF_INET}, start + 9s) == address);
    CHECK_FALSE(memory.find({&section, "a.b", AF_INET}, start + 10s));
    CHECK_FALSE(memory.find({&other, "a.b", AF_INET}, start));
    CHECK_FALSE(memory.find({&section, "a.b", AF_INET6}, start));
    memory.keep({&section, "c.d", AF_INET}, address, start + 20s);
    memory.forget_old(start + 10s);
    CHECK(memory.size() == 1);
}
