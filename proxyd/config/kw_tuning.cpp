// global: tuning (configuration manual 3.2). Sizes that bound what a peer may send work; most others name
// parts that this program does not have.
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"
#include "proxyd/rules/tracking.h"

namespace proxyd::config {
namespace {

constexpr std::string_view kOneMemory =
    "a connection has a buffer while bytes are in it; tune.bufsize says how large it is";
constexpr std::string_view kEpoll = "epoll is how events are waited for";
constexpr std::string_view kNoProfile = "this program does not profile itself; perf does";
constexpr std::string_view kOneLoop =
    "a worker takes the events of its sockets as they come, in equal shares";
constexpr std::string_view kSplicing = "'option splice-auto' and its kin say when bodies are not copied";
constexpr std::string_view kCutOff = "who breaks the protocol is answered and cut off at once";
constexpr std::string_view kOwnSockets = "each worker has listening sockets of its own";
constexpr std::string_view kOwnPool =
    "idle connections stay with their worker, as many as 'pool-max-conn' of the server says";
constexpr std::string_view kTickets = "sessions are kept in tickets by the clients, not here";
constexpr long kLeastBuffer = 1024, kLargestBuffer = 1L << 26;

template <std::size_t Global::* member>
void set_size(Reading& in, const Statement& line) {
    const auto size = common::parse_size(line.argument(0));
    if (!size) return in.error(line, size.error());
    if (*size > kLargestBuffer) return in.error(line, "'" + line.name() + "' is at most 64m");
    in.model.global.*member = *size;
}

void set_buffer_size(Reading& in, const Statement& line) {
    set_size<&Global::buffer_size>(in, line);
    if (in.model.global.buffer_size >= kLeastBuffer) return;
    in.error(line, "'tune.bufsize' is at least " + std::to_string(kLeastBuffer));
    in.model.global.buffer_size = kLeastBuffer;
}

void no_splice(Reading& in, const Statement&) {
    in.model.global.splice = false;
}

void share_sockets(Reading& in, const Statement&) {
    in.model.global.reuse_port = false;
}

void set_stick_counters(Reading& in, const Statement& line) {
    int wanted = 0;
    constexpr int kHere = static_cast<int>(rules::kTrackedCounters);
    if (read_number(in, line, 0, 0, 255, wanted) && wanted > kHere)
        in.no_effect(line, "'" + line.name() + " " + line.argument(0) + "'",
                     "a connection tracks sc0, sc1 and sc2");
}

void set_tls_lifetime(Reading& in, const Statement& line) {
    common::Duration time{0};
    if (read_duration(in, line, 0, time, common::TimeUnit::s))
        in.model.global.tls_lifetime_s =
            static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

void set_keylog(Reading& in, const Statement& line) {
    const std::string& how = line.argument(0);
    if (how != "on" && how != "off") return in.error(line, "'" + line.name() + "' expects on or off");
    in.model.global.tls_keep_secrets = how == "on";
}

constexpr Keyword kKeywords[] = {
    works("maxpipes", kGlobal, 1, 1, global_number<&Global::max_pipes, 0, 1'000'000>, "<number>",
          "pipes for spliced bodies at most"),
    works("nosplice", kGlobal, 0, 0, no_splice, "", "bodies are copied"),
    works("tune.pipesize", kGlobal, 1, 1, set_size<&Global::pipe_size>, "<size>", "bytes that a pipe holds"),
    works("tune.bufsize", kGlobal, 1, 1, set_buffer_size, "<size>", "largest request or response header"),
    works("tune.ssl.maxrecord", kGlobal, 1, 1, global_number<&Global::tls_max_record, 0, 16384>, "<number>",
          "bytes in each of the first TLS records to a client"),
    works("tune.ssl.capture-buffer-size", kGlobal, 1, 1, global_number<&Global::hello_capture, 0, 65535>,
          "<number>", "bytes of lists of clients' TLS hellos that samples show"),
    works("tune.ssl.capture-cipherlist-size", kGlobal, 1, 1, global_number<&Global::hello_capture, 0, 65535>,
          "<number>", "the old name of it"),
    works("tune.maxrewrite", kGlobal, 1, 1, set_size<&Global::max_rewrite>, "<size>",
          "room kept for added header fields"),
    works("busy-polling", kGlobal, 0, 0, global_flag<&Global::busy_polling>, "",
          "workers ask for events all the time instead of sleeping", kNo),
    works("noreuseport", kGlobal, 0, 0, share_sockets, "", "all workers accept from one socket per address"),
    works("tune.stick-counters", kGlobal, 1, 1, set_stick_counters, "<number>",
          "tracked entries of a connection"),
    works("tune.ssl.hard-maxrecord", kGlobal, 1, 1, global_number<&Global::tls_hard_max_record, 0, 16384>,
          "<number>", "bytes in any TLS record to a client"),
    works("tune.ssl.lifetime", kGlobal, 1, 1, set_tls_lifetime, "<time>",
          "how long a TLS session may be resumed"),
    works("tune.ssl.keylog", kGlobal, 1, 1, set_keylog, "on|off", "secrets of TLS sessions can be logged"),
    inert("no-memory-trimming", kGlobal, kOneMemory),
    inert("no-quic", kGlobal, kNoQuic),
    inert("noepoll", kGlobal, kEpoll),
    inert("noevports", kGlobal, kEpoll),
    inert("nokqueue", kGlobal, kEpoll),
    inert("nopoll", kGlobal, kEpoll),
    inert("profiling.memory", kGlobal, kNoProfile),
    inert("profiling.tasks", kGlobal, kNoProfile),
    inert("h2-workaround-bogus-websocket-clients", kGlobal, kNoHttp2),
    inert("pp2-never-send-local", kGlobal, "checks say LOCAL: they stand for no client"),
    inert("warn-blocked-traffic-after", kGlobal,
          "a worker that stands still for a second is told to vrrpd, not logged"),
    inert("tune.applet.zero-copy-forwarding", kGlobal, kSplicing),
    inert("tune.buffers.limit", kGlobal, kOneMemory),
    inert("tune.buffers.reserve", kGlobal, kOneMemory),
    inert("tune.bufsize.large", kGlobal, kOneMemory),
    inert("tune.bufsize.small", kGlobal, kOneMemory),
    inert("tune.defaults.purge", kGlobal, "what a defaults section says is copied and then forgotten"),
    inert("tune.disable-fast-forward", kGlobal, kSplicing),
    inert("tune.disable-zero-copy-forwarding", kGlobal, kSplicing),
    inert("tune.epoll.mask-events", kGlobal, kEpoll),
    inert("tune.events.max-events-at-once", kGlobal, kOneLoop),
    inert("tune.fail-alloc", kGlobal, kOneMemory),
    inert("tune.fd.edge-triggered", kGlobal, kEpoll),
    inert("tune.glitches.kill.cpu-usage", kGlobal, kCutOff),
    inert("tune.h1.be.glitches-threshold", kGlobal, kCutOff),
    inert("tune.h1.fe.glitches-threshold", kGlobal, kCutOff),
    inert("tune.h1.zero-copy-fwd-recv", kGlobal, kSplicing),
    inert("tune.h1.zero-copy-fwd-send", kGlobal, kSplicing),
    inert("tune.h2.be.glitches-threshold", kGlobal, kNoHttp2),
    inert("tune.h2.be.initial-window-size", kGlobal, kNoHttp2),
    inert("tune.h2.be.max-concurrent-streams", kGlobal, kNoHttp2),
    inert("tune.h2.be.max-frames-at-once", kGlobal, kNoHttp2),
    inert("tune.h2.be.rxbuf", kGlobal, kNoHttp2),
    inert("tune.h2.fe.glitches-threshold", kGlobal, kNoHttp2),
    inert("tune.h2.fe.initial-window-size", kGlobal, kNoHttp2),
    inert("tune.h2.fe.max-concurrent-streams", kGlobal, kNoHttp2),
    inert("tune.h2.fe.max-frames-at-once", kGlobal, kNoHttp2),
    inert("tune.h2.fe.max-rst-at-once", kGlobal, kNoHttp2),
    inert("tune.h2.fe.max-total-streams", kGlobal, kNoHttp2),
    inert("tune.h2.fe.rxbuf", kGlobal, kNoHttp2),
    inert("tune.h2.header-table-size", kGlobal, kNoHttp2),
    inert("tune.h2.initial-window-size", kGlobal, kNoHttp2),
    inert("tune.h2.log-errors", kGlobal, kNoHttp2),
    inert("tune.h2.max-concurrent-streams", kGlobal, kNoHttp2),
    inert("tune.h2.max-frame-size", kGlobal, kNoHttp2),
    inert("tune.h2.zero-copy-fwd-send", kGlobal, kNoHttp2),
    inert("tune.idle-pool.shared", kGlobal, kOwnPool),
    inert("tune.idletimer", kGlobal, "a stream counts as idle whenever it waits for its next request"),
    inert("tune.listener.default-shards", kGlobal, kOwnSockets),
    inert("tune.listener.multi-queue", kGlobal, kOwnSockets),
    inert("tune.lua.bool-sample-conversion", kGlobal, kNoLua),
    inert("tune.lua.burst-timeout", kGlobal, kNoLua),
    inert("tune.lua.forced-yield", kGlobal, kNoLua),
    inert("tune.lua.log.loggers", kGlobal, kNoLua),
    inert("tune.lua.log.stderr", kGlobal, kNoLua),
    inert("tune.lua.maxmem", kGlobal, kNoLua),
    inert("tune.lua.service-timeout", kGlobal, kNoLua),
    inert("tune.lua.session-timeout", kGlobal, kNoLua),
    inert("tune.lua.task-timeout", kGlobal, kNoLua),
    inert("tune.max-checks-per-thread", kGlobal, "checks run on a thread of their own, each at its time"),
    inert("tune.max-rules-at-once", kGlobal, "the rules of a set run in one go"),
    inert("tune.maxpollevents", kGlobal, kOneLoop),
    inert("tune.memory.hot-size", kGlobal, kOneMemory),
    inert("tune.notsent-lowat.client", kGlobal, "the kernel sizes the send buffers of connections"),
    inert("tune.notsent-lowat.server", kGlobal, "the kernel sizes the send buffers of connections"),
    inert("tune.pattern.cache-size", kGlobal, "lists are indexed; no answer is looked for twice"),
    inert("tune.peers.max-updates-at-once", kGlobal, "peers get updates as fast as they take them"),
    inert("tune.pool-high-fd-ratio", kGlobal, kOwnPool),
    inert("tune.pool-low-fd-ratio", kGlobal, kOwnPool),
    inert("tune.pt.zero-copy-forwarding", kGlobal, kSplicing),
    inert("tune.quic.be.cc.cubic-min-losses", kGlobal, kNoQuic),
    inert("tune.quic.be.sec.glitches-threshold", kGlobal, kNoQuic),
    inert("tune.quic.be.stream.data-ratio", kGlobal, kNoQuic),
    inert("tune.quic.cc-hystart", kGlobal, kNoQuic),
    inert("tune.quic.cc.cubic.min-losses", kGlobal, kNoQuic),
    inert("tune.quic.disable-tx-pacing", kGlobal, kNoQuic),
    inert("tune.quic.disable-udp-gso", kGlobal, kNoQuic),
    inert("tune.quic.fe.cc.hystart", kGlobal, kNoQuic),
    inert("tune.quic.fe.sec.retry-threshold", kGlobal, kNoQuic),
    inert("tune.quic.fe.sock-per-conn", kGlobal, kNoQuic),
    inert("tune.quic.fe.stream.data-ratio", kGlobal, kNoQuic),
    inert("tune.quic.frontend.conn-tx-buffers.limit", kGlobal, kNoQuic),
    inert("tune.quic.frontend.default-max-window-size", kGlobal, kNoQuic),
    inert("tune.quic.frontend.glitches-threshold", kGlobal, kNoQuic),
    inert("tune.quic.frontend.max-data-size", kGlobal, kNoQuic),
    inert("tune.quic.frontend.max-idle-timeout", kGlobal, kNoQuic),
    inert("tune.quic.frontend.max-streams-bidi", kGlobal, kNoQuic),
    inert("tune.quic.frontend.max-tx-mem", kGlobal, kNoQuic),
    inert("tune.quic.frontend.stream-data-ratio", kGlobal, kNoQuic),
    inert("tune.quic.listen", kGlobal, kNoQuic),
    inert("tune.quic.max-frame-loss", kGlobal, kNoQuic),
    inert("tune.quic.mem.tx-max", kGlobal, kNoQuic),
    inert("tune.quic.reorder-ratio", kGlobal, kNoQuic),
    inert("tune.quic.retry-threshold", kGlobal, kNoQuic),
    inert("tune.quic.socket-owner", kGlobal, kNoQuic),
    inert("tune.quic.zero-copy-fwd-send", kGlobal, kNoQuic),
    inert("tune.recv_enough", kGlobal, kOneLoop),
    inert("tune.ring.queues", kGlobal, "a ring has one queue"),
    inert("tune.runqueue-depth", kGlobal, kOneLoop),
    inert("tune.sched.low-latency", kGlobal, kOneLoop),
    inert("tune.ssl.cachesize", kGlobal, kTickets),
    inert("tune.ssl.certificate-compression", kGlobal, "OpenSSL 3.0 compresses no certificates"),
    inert("tune.ssl.force-private-cache", kGlobal, kTickets),
    inert("tune.ssl.keyupdate-threshold", kGlobal, "OpenSSL answers each update of keys"),
    inert("tune.ssl.ktls", kGlobal, "records are encrypted by this program"),
    inert("tune.ssl.ocsp-update.maxdelay", kGlobal, kNoOcspUpdate),
    inert("tune.ssl.ocsp-update.mindelay", kGlobal, kNoOcspUpdate),
    inert("tune.ssl.ssl-ctx-cache-size", kGlobal, "no certificate is made up for a client"),
    inert("tune.streams-per-connection", kGlobal, kNoHttp2),
    inert("tune.takeover-other-tg-connections", kGlobal, kOwnPool),
};

}  // namespace

std::span<const Keyword> tuning_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
