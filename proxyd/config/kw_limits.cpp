// global: limits of the whole process (configuration manual 3.2).
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using session::ProcessLimits;
using Effort = http::CompressionEffort;

constexpr long kMany = 1'000'000'000;

template <int ProcessLimits::* member>
void limit(Reading& in, const Statement& line) {
    read_number(in, line, 0, 0, kMany, in.model.global.limits.*member);
}

template <int Effort::* member, long low, long high>
void set_effort(Reading& in, const Statement& line) {
    read_number(in, line, 0, low, high, in.model.global.compression.*member);
}

void set_compression_cpu(Reading& in, const Statement& line) {
    int busy = 0;
    if (read_number(in, line, 0, 0, 100, busy)) in.model.global.limits.compression_idle = 100 - busy;
}

void set_compression_memory(Reading& in, const Statement& line) {
    int megabytes = 0;
    if (read_number(in, line, 0, 0, 1'000'000, megabytes))
        in.model.global.compression.most_memory = std::int64_t{megabytes} << 20U;
}

void set_accepts(Reading& in, const Statement& line) {
    constexpr int kAny = 1'000'000;
    int most = 0;
    if (!read_number(in, line, 0, -1, kAny, most)) return;
    in.model.global.limits.accepts = most < 0 ? kAny : std::max(most, 1);
}

void refuse_privileged(Reading& in, const Statement& line) {
    const std::string& how = line.argument(0);
    if (how != "on" && how != "off") return in.error(line, "'" + line.name() + "' expects on or off");
    in.model.global.limits.no_privileged_sources = how == "on";
}

constexpr Keyword kKeywords[] = {
    works("maxconnrate", kGlobal, 1, 1, limit<&ProcessLimits::connection_rate>, "<number>",
          "connections that the process accepts per second"),
    works("maxsessrate", kGlobal, 1, 1, limit<&ProcessLimits::session_rate>, "<number>",
          "sessions that the process begins per second"),
    works("maxsslrate", kGlobal, 1, 1, limit<&ProcessLimits::tls_rate>, "<number>",
          "TLS connections of clients that the process accepts per second"),
    works("maxsslconn", kGlobal, 1, 1, limit<&ProcessLimits::tls_connections>, "<number>",
          "TLS connections of clients at a time; more are closed"),
    works("maxcomprate", kGlobal, 1, 1, limit<&ProcessLimits::compression_rate>, "<kilobytes>",
          "above so many kilobytes per second bodies are not compressed"),
    works("maxcompcpuusage", kGlobal, 1, 1, set_compression_cpu, "<percent>",
          "a worker that is busier than this does not compress"),
    works("maxzlibmem", kGlobal, 1, 1, set_compression_memory, "<megabytes>",
          "memory of compression; what needs more is not compressed"),
    works("tune.comp.maxlevel", kGlobal, 1, 1, set_effort<&Effort::level, 0, 9>, "<0..9>",
          "how hard compression tries"),
    works("tune.zlib.memlevel", kGlobal, 1, 1, set_effort<&Effort::memory_level, 1, 9>, "<1..9>",
          "memory of a compressor's tables"),
    works("tune.zlib.windowsize", kGlobal, 1, 1, set_effort<&Effort::window_bits, 9, 15>, "<9..15>",
          "how far back compression looks, as a power of two"),
    works("tune.maxaccept", kGlobal, 1, 1, set_accepts, "<number>",
          "connections accepted before others have their turn"),
    works("harden.reject-privileged-ports.tcp", kGlobal, 1, 1, refuse_privileged, "on|off",
          "connections from ports below 1024 are closed"),
    inert("harden.reject-privileged-ports.quic", kGlobal, kNoQuic),
};

}  // namespace

std::span<const Keyword> limit_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
