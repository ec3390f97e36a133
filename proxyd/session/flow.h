// One direction of an exchange: bytes from a source's inbox through the body framing to a sink. Moves as much
// as goes without waiting; at most one buffer is on its way (backpressure: nothing is read before the former
// is written), and what came with the head.
//
// A body whose reads fill their buffers flows in large ones, as long as it does. They are held only while
// bytes are in them. Where the configuration asks for it, it flows through a pipe instead (splice), which is
// no cheaper: proxyd/README.md, "Large bodies".
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "proxyd/cache/recording.h"
#include "proxyd/http/body.h"
#include "proxyd/http/compression.h"
#include "proxyd/http/slices.h"
#include "proxyd/net/pipe.h"
#include "proxyd/net/stream.h"
#include "proxyd/session/inbox.h"
#include "proxyd/session/throttle.h"

namespace proxyd::net {
class Worker;
}

namespace proxyd::session {

class Flow {
 public:
    enum class State : unsigned char {
        done,          // everything was fed and written
        wants_input,   // nothing to do until the source is readable
        wants_output,  // nothing to do until the sink is writable
        again,         // had its share; more can be moved at once
        limited,       // nothing to do until throttle->resume_at()
        cut,           // the source ended within the body
        source_error,  // reading failed
        sink_error,    // writing failed
        bad_framing    // the source sent nonsense
    };

    // `out` may hold a head already, which goes first, together with what is there of the body; `body` must
    // be started.
    void start(net::Stream& source, Inbox& in, net::Stream& sink) {
        source_ = &source;
        in_ = &in;
        sink_ = &sink;
        ended_ = moved_ = fed_ = flowing_ = sink_ends = false;
        error = 0;
        recording_ = nullptr;
        sent_before_ = bytes_out;
    }
    // Only `out` is to be written: a reply of our own.
    void start(net::Stream& sink) {
        body.start(http::Framing::none, 0, http::Framing::none);
        sink_ = &sink;
        moved_ = sink_ends = false;
        error = 0;
    }

    State pump(net::Worker& worker);
    // Writes what is pending; nothing is read.
    State flush();

    // The body is compressed and goes out in chunks; `body` was started with until_close as its output.
    void compress(http::Coding coding) { compressor_ = http::Compressor::make(coding); }
    // Payload that has no source: its compressed form replaces what is in `out`, which must be written.
    void add_compressed(std::string_view payload, bool last) {
        compressor_->clear();
        compressor_->add(payload);
        last ? compressor_->finish() : compressor_->flush();
        out.add(compressor_->chunk());
    }
    const http::Compressor* compressor() const { return compressor_.get(); }
    void drop_compressor() { compressor_.reset(); }

    // The body is stored while it passes, as the source sends it.
    void record(cache::Recording* recording) { recording_ = recording; }

    std::unique_ptr<Throttle> throttle;  // set-bandwidth-limit; null: none

    void drop_pipe() { pipe_.release(); }  // with what is in it: the exchange is over

    bool moved() const { return moved_; }  // the last pump() or flush() moved bytes: timeouts count from then
    bool nothing_sent() const { return bytes_out == sent_before_; }  // since start()
    bool drained() const { return out.empty() && body.done() && pipe_.empty(); }

    http::BodyRelay body;
    http::Slices out;
    std::uint64_t bytes_in = 0;   // read from the source, head included by the reader of heads
    std::uint64_t bytes_out = 0;  // written to the sink
    int error = 0;                // errno of source_error and sink_error
    bool sink_ends = false;       // the sink is closed when all is written
    bool spliced = false;         // a body that flows between plain sockets goes through a pipe

 private:
    enum class Read : unsigned char { more, all, blocked, ended };
    Read read_some(net::Worker& worker);
    std::span<char> room(net::Worker& worker);
    std::size_t allowed(const net::Worker& worker) const;
    bool offer(net::Worker& worker, std::size_t most);
    bool feed(std::size_t most);
    void consume(std::size_t count);
    bool feed_compressed(std::size_t most);
    bool end_body();
    bool worth_joining() const;
    bool splices(net::Worker& worker);
    State splice(net::Worker& worker, std::uint64_t share_ends);
    State leave(State state);

    net::Stream* source_ = nullptr;
    net::Stream* sink_ = nullptr;
    Inbox* in_ = nullptr;
    net::Pipe pipe_;
    std::unique_ptr<http::Compressor> compressor_;
    cache::Recording* recording_ = nullptr;
    std::uint64_t sent_before_ = 0;
    bool ended_ = false;
    bool moved_ = false;
    bool fed_ = false;      // since start(): slices in `out` may point into the inbox
    bool flowing_ = false;  // the last read filled its buffer
};

}  // namespace proxyd::session
