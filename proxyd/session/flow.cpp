#include "proxyd/session/flow.h"

#include <algorithm>
#include <cerrno>

#include "proxyd/net/worker.h"

namespace proxyd::session {

namespace {

// A fast peer gets this many bytes, in ordinary buffers' sizes, before others have their turn.
constexpr std::size_t kShare = 16;
// Less than this behind the first buffer is not worth a large one.
constexpr std::uint64_t kLeastBulk = 4096;

}  // namespace

Flow::State Flow::flush() {
    moved_ = false;
    while (!out.empty()) {
        const net::IoResult result = sink_->try_write(out.pieces(), sink_ends && body.done());
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

// Bytes that the framing has taken.
void Flow::consume(std::size_t count) {
    if (recording_) recording_->take(in_->data().substr(0, count));
    in_->consume(count);
}

// The same for a body that is compressed: payload goes through the compressor, which frames what comes out.
bool Flow::feed_compressed(std::size_t most) {
    fed_ = true;
    compressor_->clear();
    http::Slices payload;
    http::BodyProgress progress;
    do {
        payload.clear();
        progress = body.feed(in_->data().substr(0, most), payload);
        if (progress.status == http::BodyStatus::error) return false;
        for (const iovec& piece : payload.pieces())
            compressor_->add({static_cast<const char*>(piece.iov_base), piece.iov_len});
        consume(progress.consumed);
        most -= progress.consumed;
    } while (progress.consumed > 0 && !body.done() && !in_->empty());
    body.done() ? compressor_->finish() : compressor_->flush();
    out.add(compressor_->chunk());
    return true;
}

// The source has closed its side; false when that cuts the body short.
bool Flow::end_body() {
    if (body.end(out).status != http::BodyStatus::done) return false;
    if (compressor_ && !compressor_->finished()) {
        compressor_->clear();
        compressor_->finish();
        out.add(compressor_->chunk());
    }
    return true;
}

// Offers at most that many unconsumed bytes to the framing; false when they break it.
bool Flow::feed(std::size_t most) {
    if (compressor_) return feed_compressed(most);
    const http::BodyProgress progress = body.feed(in_->data().substr(0, most), out);
    consume(progress.consumed);
    fed_ = true;
    return progress.status != http::BodyStatus::error;
}

// How many of the unconsumed bytes may pass now.
std::size_t Flow::allowed(const net::Worker& worker) const {
    const std::size_t here = in_->data().size();
    return throttle ? static_cast<std::size_t>(throttle->allow(here, worker.now())) : here;
}

// feed(), counted where it is limited. A line of the framing that is longer than what is allowed passes
// whole.
bool Flow::offer(net::Worker& worker, std::size_t most) {
    const std::size_t here = in_->data().size();
    if (!feed(most)) return false;
    if (in_->data().size() == here && most < here && !feed(here)) return false;
    if (throttle) throttle->passed(here - in_->data().size(), worker.now());
    return true;
}

// Where to read to. Large buffers take payload only, so that what follows it is found in an ordinary one.
std::span<char> Flow::room(net::Worker& worker) {
    const std::uint64_t payload = body.passthrough();
    if (flowing_ && in_->empty() && payload >= kLeastBulk && in_->enter_bulk(worker.bulk_buffers())) {
        const std::span<char> large = in_->room(worker.buffers());
        return large.first(static_cast<std::size_t>(std::min<std::uint64_t>(large.size(), payload)));
    }
    in_->leave_bulk();
    return in_->room(worker.buffers());
}

Flow::Read Flow::read_some(net::Worker& worker) {
    const std::span<char> space = room(worker);
    if (space.empty()) {  // a line of the framing that fills a buffer: the framing has refused it before
        error = ENOBUFS;
        ended_ = true;
        return Read::ended;
    }
    const net::IoResult result = source_->try_read(space);
    if (result.ok()) {
        in_->commit(result.count);
        bytes_in += result.count;
        moved_ = true;
        flowing_ =
            !throttle && (result.count == space.size() || result.count >= worker.buffers().buffer_size());
        // What did not fill the room was all there is: asking again would only cost a call.
        return result.count == space.size() || source_->buffered() ? Read::more : Read::all;
    }
    if (result.would_block()) return Read::blocked;
    ended_ = true;
    error = result.error;
    return Read::ended;
}

// The head came with as much of the body as there was room for, and more is likely there: one write for both.
bool Flow::worth_joining() const {
    return fed_ && !compressor_ && !throttle && !out.empty() && in_->filled() && in_->empty() &&
           body.passthrough() >= kLeastBulk;
}

// Whether the next bytes of the body are to go through the pipe.
bool Flow::splices(net::Worker& worker) {
    if (!pipe_.empty()) return true;
    if (!spliced || compressor_ || recording_ || !flowing_ || ended_ || !in_->empty() ||
        body.passthrough() < kLeastBulk)
        return false;
    if (!source_->is_plain() || !sink_->is_plain()) return false;
    if (!pipe_) pipe_ = worker.pipes().take();
    if (!pipe_) return false;
    in_->leave_bulk();
    in_->passed_by();
    return true;
}

// Moves payload through the pipe. Filled only when empty, so that what would block on this side is the
// source. `done`: what comes next must be looked at.
Flow::State Flow::splice(net::Worker& worker, std::uint64_t share_ends) {
    for (;;) {
        if (pipe_.empty()) {
            const std::uint64_t payload = body.passthrough();
            if (payload == 0 || !flowing_) return State::done;
            if (bytes_in >= share_ends) return State::again;
            const auto most = std::min<std::uint64_t>(payload, 1U << 30);
            const net::IoResult result = source_->try_splice_in(pipe_, static_cast<std::size_t>(most));
            if (result.would_block()) return State::wants_input;
            ended_ = !result.ok();
            error = result.error;
            if (ended_) return State::done;
            bytes_in += result.count;
            body.passed(result.count);
            flowing_ = result.count >= worker.buffers().buffer_size();
        }
        const net::IoResult result = sink_->try_splice_out(pipe_);
        if (result.would_block()) return State::wants_output;
        if (!result.ok()) {
            error = result.error;
            return State::sink_error;
        }
        bytes_out += result.count;
        moved_ = true;
    }
}

Flow::State Flow::leave(State state) {
    if (in_ && out.empty()) in_->leave_bulk();
    if (pipe_.empty()) pipe_.release();
    return state;
}

Flow::State Flow::pump(net::Worker& worker) {
    bool moved_any = false;
    const auto leave_with = [&](State state) {
        moved_ |= moved_any;
        return leave(state);
    };
    const std::uint64_t share_ends = bytes_in + kShare * worker.buffers().buffer_size();
    Read last = Read::more;
    for (;;) {
        std::size_t consumed = 0;
        // The first bytes of a body share the write of the head; later ones wait until their predecessors are
        // gone.
        if (!body.done() && !in_->empty() && (out.empty() || !fed_)) {
            const std::size_t most = allowed(worker);
            if (most == 0) {
                const State flushed = flush();
                return leave_with(flushed == State::done ? State::limited : flushed);
            }
            consumed = in_->data().size();
            if (!offer(worker, most)) return leave_with(State::bad_framing);
            consumed -= in_->data().size();
        }
        if (worth_joining() && in_->enter_bulk(worker.bulk_buffers())) {
            flowing_ = true;
            last = read_some(worker);
            moved_any |= moved_;
            consumed += in_->data().size();
            if (!in_->empty() && !feed(in_->data().size())) return leave_with(State::bad_framing);
            consumed -= in_->data().size();
        }
        const State flushed = flush();
        moved_any |= moved_;
        if (flushed != State::done) return leave_with(flushed);
        if (splices(worker)) {
            const State spliced_to = splice(worker, share_ends);
            moved_any |= moved_;
            if (spliced_to != State::done) return leave_with(spliced_to);
            last = Read::more;
        }
        if (body.done()) return leave_with(State::done);
        if (consumed > 0 && !in_->empty()) continue;  // `out` was full
        if (ended_) {
            if (error) return leave_with(State::source_error);  // a reset is no end of a body
            if (end_body()) continue;
            return leave_with(State::cut);
        }
        if (last == Read::all || last == Read::blocked) return leave_with(State::wants_input);
        // Nothing is left here when we stop, so that a wait for the source's socket is the right one.
        if (bytes_in >= share_ends && !source_->buffered()) return leave_with(State::again);
        last = read_some(worker);
        moved_any |= moved_;
        if (last == Read::blocked) return leave_with(State::wants_input);
    }
}

}  // namespace proxyd::session
