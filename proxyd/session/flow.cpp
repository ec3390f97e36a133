#include "proxyd/session/flow.h"

#include <cerrno>

namespace proxyd::session {

namespace {

// A fast peer gets this many buffers before others have their turn.
constexpr int kShare = 8;

}  // namespace

Flow::State Flow::flush() {
    moved_ = false;
    while (!out.empty()) {
        const net::IoResult result = sink_->try_write(out.pieces());
        if (result.would_block()) return State::wants_output;
        if (!result.ok()) {
            error = result.error;
            return State::sink_error;
        }
        out.drop(result.count);
        bytes_out += result.count;
        moved_ = true;
    }
    out.clear();
    return State::done;
}

// Offers unconsumed bytes to the framing; false when they break it.
bool Flow::feed() {
    const http::BodyProgress progress = body.feed(in_->data(), out);
    in_->consume(progress.consumed);
    fed_ = true;
    return progress.status != http::BodyStatus::error;
}

Flow::Read Flow::read_some(net::BufferPool& pool) {
    const std::span<char> room = in_->room(pool);
    if (room.empty()) {  // a line of the framing that fills a buffer: the framing has refused it before
        error = ENOBUFS;
        ended_ = true;
        return Read::ended;
    }
    const net::IoResult result = source_->try_read(room);
    if (result.ok()) {
        in_->commit(result.count);
        bytes_in += result.count;
        moved_ = true;
        // What did not fill the room was all there is: asking again would only cost a call.
        return result.count == room.size() || source_->buffered() ? Read::more : Read::all;
    }
    if (result.would_block()) return Read::blocked;
    ended_ = true;
    error = result.error;
    return Read::ended;
}

Flow::State Flow::pump(net::BufferPool& pool) {
    bool moved_any = false;
    const auto leave = [&](State state) {
        moved_ |= moved_any;
        return state;
    };
    Read last = Read::more;
    for (int reads = 0;;) {
        std::size_t consumed = 0;
        // The first bytes of a body share the write of the head; later ones wait until their predecessors are
        // gone.
        if (!body.done() && !in_->empty() && (out.empty() || !fed_)) {
            consumed = in_->data().size();
            if (!feed()) return leave(State::bad_framing);
            consumed -= in_->data().size();
        }
        const State flushed = flush();
        moved_any |= moved_;
        if (flushed != State::done) return leave(flushed);
        if (body.done()) return leave(State::done);
        if (consumed > 0 && !in_->empty()) continue;  // `out` was full
        if (ended_) {
            if (error) return leave(State::source_error);  // a reset is no end of a body
            if (body.end(out).status == http::BodyStatus::done) continue;
            return leave(State::cut);
        }
        if (last == Read::all) return leave(State::wants_input);
        // Nothing is left here when we stop, so that a wait for the source's socket is the right one.
        if (reads >= kShare && !source_->buffered()) return leave(State::again);
        ++reads;
        last = read_some(pool);
        moved_any |= moved_;
        if (last == Read::blocked) return leave(State::wants_input);
    }
}

}  // namespace proxyd::session
