// global: tuning (configuration manual 3.2). Sizes that bound what a peer may send work; most others name
// parts that this program does not have.
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

constexpr std::string_view kOneLevel =
    "bodies are compressed at one level at any rate, however busy the machine";
constexpr std::string_view kNoRate =
    "the process takes connections as fast as they come; 'rate-limit sessions' limits a frontend";
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
    inert("busy-polling", kGlobal, kOwnTuning),
    inert("maxcompcpuusage", kGlobal, kOneLevel),
    inert("maxcomprate", kGlobal, kOneLevel),
    inert("maxconnrate", kGlobal, kNoRate),
    inert("maxsessrate", kGlobal, kNoRate),
    inert("maxzlibmem", kGlobal, kOwnTuning),
    inert("no-memory-trimming", kGlobal, kOwnTuning),
    inert("no-quic", kGlobal, kOwnTuning),
    inert("noepoll", kGlobal, kOwnTuning),
    inert("noevports", kGlobal, kOwnTuning),
    inert("nokqueue", kGlobal, kOwnTuning),
    inert("nopoll", kGlobal, kOwnTuning),
    inert("noreuseport", kGlobal, kOwnTuning),
    inert("profiling.memory", kGlobal, kOwnTuning),
    inert("profiling.tasks", kGlobal, kOwnTuning),
    inert("close-spread-time", kGlobal, kOwnTuning),
    inert("h2-workaround-bogus-websocket-clients", kGlobal, kOwnTuning),
    inert("pp2-never-send-local", kGlobal, kOwnTuning),
    inert("warn-blocked-traffic-after", kGlobal, kOwnTuning),
    inert("tune.applet.zero-copy-forwarding", kGlobal, kOwnTuning),
    inert("tune.buffers.limit", kGlobal, kOwnTuning),
    inert("tune.buffers.reserve", kGlobal, kOwnTuning),
    inert("tune.bufsize.large", kGlobal, kOwnTuning),
    inert("tune.bufsize.small", kGlobal, kOwnTuning),
    inert("tune.comp.maxlevel", kGlobal, kOwnTuning),
    inert("tune.defaults.purge", kGlobal, kOwnTuning),
    inert("tune.disable-fast-forward", kGlobal, kOwnTuning),
    inert("tune.disable-zero-copy-forwarding", kGlobal, kOwnTuning),
    inert("tune.epoll.mask-events", kGlobal, kOwnTuning),
    inert("tune.events.max-events-at-once", kGlobal, kOwnTuning),
    inert("tune.fail-alloc", kGlobal, kOwnTuning),
    inert("tune.fd.edge-triggered", kGlobal, kOwnTuning),
    inert("tune.glitches.kill.cpu-usage", kGlobal, kOwnTuning),
    inert("tune.h1.be.glitches-threshold", kGlobal, kOwnTuning),
    inert("tune.h1.fe.glitches-threshold", kGlobal, kOwnTuning),
    inert("tune.h1.zero-copy-fwd-recv", kGlobal, kOwnTuning),
    inert("tune.h1.zero-copy-fwd-send", kGlobal, kOwnTuning),
    inert("tune.h2.be.glitches-threshold", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.be.initial-window-size", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.be.max-concurrent-streams", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.be.max-frames-at-once", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.be.rxbuf", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.fe.glitches-threshold", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.fe.initial-window-size", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.fe.max-concurrent-streams", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.fe.max-frames-at-once", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.fe.max-rst-at-once", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.fe.max-total-streams", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.fe.rxbuf", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.header-table-size", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.initial-window-size", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.log-errors", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.max-concurrent-streams", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.max-frame-size", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.h2.zero-copy-fwd-send", kGlobal, "HTTP/2 is not supported yet"),
    inert("tune.idle-pool.shared", kGlobal, kOwnTuning),
    inert("tune.idletimer", kGlobal, kOwnTuning),
    inert("tune.listener.default-shards", kGlobal, kOwnTuning),
    inert("tune.listener.multi-queue", kGlobal, kOwnTuning),
    inert("tune.lua.bool-sample-conversion", kGlobal, kNoLua),
    inert("tune.lua.burst-timeout", kGlobal, kNoLua),
    inert("tune.lua.forced-yield", kGlobal, kNoLua),
    inert("tune.lua.log.loggers", kGlobal, kNoLua),
    inert("tune.lua.log.stderr", kGlobal, kNoLua),
    inert("tune.lua.maxmem", kGlobal, kNoLua),
    inert("tune.lua.service-timeout", kGlobal, kNoLua),
    inert("tune.lua.session-timeout", kGlobal, kNoLua),
    inert("tune.lua.task-timeout", kGlobal, kNoLua),
    inert("tune.max-checks-per-thread", kGlobal, kOwnTuning),
    inert("tune.max-rules-at-once", kGlobal, kOwnTuning),
    inert("tune.maxaccept", kGlobal, kOwnTuning),
    inert("tune.maxpollevents", kGlobal, kOwnTuning),
    inert("tune.memory.hot-size", kGlobal, kOwnTuning),
    inert("tune.notsent-lowat.client", kGlobal, kOwnTuning),
    inert("tune.notsent-lowat.server", kGlobal, kOwnTuning),
    inert("tune.pattern.cache-size", kGlobal, kOwnTuning),
    inert("tune.peers.max-updates-at-once", kGlobal, kOwnTuning),
    inert("tune.pool-high-fd-ratio", kGlobal, kOwnTuning),
    inert("tune.pool-low-fd-ratio", kGlobal, kOwnTuning),
    inert("tune.pt.zero-copy-forwarding", kGlobal, kOwnTuning),
    inert("tune.quic.be.cc.cubic-min-losses", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.be.sec.glitches-threshold", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.be.stream.data-ratio", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.cc-hystart", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.cc.cubic.min-losses", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.disable-tx-pacing", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.disable-udp-gso", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.fe.cc.hystart", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.fe.sec.retry-threshold", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.fe.sock-per-conn", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.fe.stream.data-ratio", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.conn-tx-buffers.limit", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.default-max-window-size", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.glitches-threshold", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.max-data-size", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.max-idle-timeout", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.max-streams-bidi", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.max-tx-mem", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.frontend.stream-data-ratio", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.listen", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.max-frame-loss", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.mem.tx-max", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.reorder-ratio", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.retry-threshold", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.socket-owner", kGlobal, "QUIC is not supported yet"),
    inert("tune.quic.zero-copy-fwd-send", kGlobal, "QUIC is not supported yet"),
    inert("tune.recv_enough", kGlobal, kOwnTuning),
    inert("tune.renice.runtime", kGlobal, kOwnTuning),
    inert("tune.renice.startup", kGlobal, kOwnTuning),
    inert("tune.ring.queues", kGlobal, kOwnTuning),
    inert("tune.runqueue-depth", kGlobal, kOwnTuning),
    inert("tune.sched.low-latency", kGlobal, kOwnTuning),
    inert("tune.ssl.cachesize", kGlobal, "sessions are resumed by tickets"),
    inert("tune.ssl.certificate-compression", kGlobal, kOwnTuning),
    inert("tune.ssl.force-private-cache", kGlobal, kOwnTuning),
    inert("tune.ssl.hard-maxrecord", kGlobal, kOwnTuning),
    inert("tune.ssl.keylog", kGlobal, kNotYet),
    inert("tune.ssl.keyupdate-threshold", kGlobal, kOwnTuning),
    inert("tune.ssl.ktls", kGlobal, kOwnTuning),
    inert("tune.ssl.lifetime", kGlobal, "sessions are resumed by tickets"),
    inert("tune.ssl.ocsp-update.maxdelay", kGlobal, kOwnTuning),
    inert("tune.ssl.ocsp-update.mindelay", kGlobal, kOwnTuning),
    inert("tune.ssl.ssl-ctx-cache-size", kGlobal, kOwnTuning),
    inert("tune.stick-counters", kGlobal, kOwnTuning),
    inert("tune.streams-per-connection", kGlobal, kOwnTuning),
    inert("tune.takeover-other-tg-connections", kGlobal, kOwnTuning),
    inert("tune.zlib.memlevel", kGlobal, kOwnTuning),
    inert("tune.zlib.windowsize", kGlobal, kOwnTuning),
};

}  // namespace

std::span<const Keyword> tuning_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
