// Fetches of the process: clock, chance, names, numbers (configuration manual 7.3.2).
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <climits>

#include "proxyd/net/worker.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

std::int64_t wall_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// xorshift64*, seeded per thread by the kernel: chance for load spreading, not for secrets.
std::uint64_t random_number() {
    thread_local std::uint64_t state = [] {
        std::uint64_t seed = 0;
        if (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed) || seed == 0)
            seed = static_cast<std::uint64_t>(wall_us()) | 1;
        return seed;
    }();
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717ULL;
}

bool fetch_rand(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    const auto range = static_cast<std::uint64_t>(arguments.number(0, std::int64_t{1} << 32));
    return out.set_int(static_cast<std::int64_t>((random_number() >> 1) % range)), true;
}

// Random bits from the kernel in the form of RFC 4122, version 4.
bool fetch_uuid(const Context& context, const Arguments&, Cursor&, Sample& out) {
    std::array<unsigned char, 16> bytes{};
    if (context.arena == nullptr ||
        ::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return false;
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto room = context.arena->allocate(36);
    std::size_t at = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) room[at++] = '-';
        room[at++] = kDigits[bytes[i] >> 4];
        room[at++] = kDigits[bytes[i] & 15];
    }
    return out.set_text({room.data(), room.size()}), true;
}

// date([offset[,unit]]): seconds, or milli- or microseconds with a unit; the offset is in the same unit.
bool fetch_date(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    const std::string_view unit = arguments.text(1, "s");
    const std::int64_t divisor = unit == "us" ? 1 : unit == "ms" ? 1'000 : 1'000'000;
    return out.set_int(wall_us() / divisor + arguments.number(0)), true;
}
bool fetch_date_us(const Context&, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(wall_us() % 1'000'000), true;
}

bool fetch_hostname(const Context&, const Arguments&, Cursor&, Sample& out) {
    static const std::string name = [] {
        std::array<char, HOST_NAME_MAX + 1> text{};
        ::gethostname(text.data(), text.size() - 1);
        return std::string(text.data());
    }();
    return out.set_text(name), true;
}

bool fetch_pid(const Context&, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(::getpid()), true;
}
bool fetch_one(const Context&, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(1), true;
}
bool fetch_thread(const Context&, const Arguments&, Cursor&, Sample& out) {
    const net::Worker* worker = net::Worker::current();
    return out.set_int(worker != nullptr ? worker->index() : 0), true;
}
bool fetch_nbthread(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.shared == nullptr) return false;
    return out.set_int(context.shared->workers), true;
}
bool fetch_stopping(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.process != nullptr && context.process->stopping.load()), true;
}
bool fetch_act_conn(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.process == nullptr) return false;
    return out.set_int(context.process->connections.now()), true;
}

common::Result<> check_rand(Arguments& arguments) {
    if (arguments.has(0) && arguments.number(0) <= 0)
        return common::fail("the range must be above 0", common::Side::config);
    return {};
}

common::Result<> check_date(Arguments& arguments) {
    const std::string_view unit = arguments.text(1, "s");
    if (unit != "s" && unit != "ms" && unit != "us")
        return common::fail("the unit '" + std::string(unit) + "' is none of s, ms, us",
                            common::Side::config);
    return {};
}

bool fetch_rule_file(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.last_rule.file), context.last_rule.line > 0;
}
bool fetch_rule_line(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(context.last_rule.line), context.last_rule.line > 0;
}

constexpr ArgumentSpec kOptionalNumber{0, {ArgumentKind::number}};
constexpr ArgumentSpec kDate{0, {ArgumentKind::number, ArgumentKind::text}};

constexpr std::array kRows{
    FetchRow{"date", SampleType::integer, Source::constant, kDate, fetch_date, "seconds since 1970",
             check_date},
    FetchRow{
        "date_us", SampleType::integer, Source::constant, {}, fetch_date_us, "microseconds of this second"},
    FetchRow{"rand", SampleType::integer, Source::constant, kOptionalNumber, fetch_rand,
             "a random number below the given one, or 2^32", check_rand},
    FetchRow{"uuid", SampleType::string, Source::constant, kOptionalNumber, fetch_uuid,
             "a random UUID (version 4)"},
    FetchRow{"last_rule_file",
             SampleType::string,
             Source::process,
             {},
             fetch_rule_file,
             "where the rule stands that ended its rule set last"},
    FetchRow{"last_rule_line", SampleType::integer, Source::process, {}, fetch_rule_line, "its line"},
    FetchRow{"hostname", SampleType::string, Source::constant, {}, fetch_hostname, "the machine's name"},
    FetchRow{"pid", SampleType::integer, Source::process, {}, fetch_pid, "the process number"},
    FetchRow{"proc", SampleType::integer, Source::constant, {}, fetch_one, "always 1: there is one process"},
    FetchRow{
        "nbproc", SampleType::integer, Source::constant, {}, fetch_one, "always 1: there is one process"},
    FetchRow{
        "thread", SampleType::integer, Source::constant, {}, fetch_thread, "the worker's number, from 0"},
    FetchRow{"nbthread", SampleType::integer, Source::process, {}, fetch_nbthread, "how many workers"},
    FetchRow{"stopping", SampleType::boolean, Source::process, {}, fetch_stopping, "the process is ending"},
    FetchRow{
        "act_conn", SampleType::integer, Source::process, {}, fetch_act_conn, "connections of the process"},
};

}  // namespace

std::span<const FetchRow> process_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
