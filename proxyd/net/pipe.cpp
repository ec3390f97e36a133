#include "proxyd/net/pipe.h"

#include <fcntl.h>
#include <unistd.h>

namespace proxyd::net {

Pipe& Pipe::operator=(Pipe&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(in_, other.in_);
    std::swap(out_, other.out_);
    std::swap(fill_, other.fill_);
    return *this;
}

void Pipe::release() {
    if (!pool_) return;
    --pool_->used_;
    if (empty() && pool_->free_.size() < PipePool::kMostFree)
        pool_->free_.push_back({std::move(in_), std::move(out_)});
    in_.reset();
    out_.reset();
    fill_ = 0;
    pool_ = nullptr;
}

Pipe PipePool::take() {
    Pipe pipe;
    if (used_ >= most_) return pipe;
    if (free_.empty()) {
        int ends[2];
        if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return pipe;
        pipe.out_.reset(ends[0]);
        pipe.in_.reset(ends[1]);
        if (size_ > 0) ::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(size_));  // refused: a smaller one
        free_.reserve(kMostFree);
    } else {
        pipe.in_ = std::move(free_.back().in);
        pipe.out_ = std::move(free_.back().out);
        free_.pop_back();
    }
    pipe.pool_ = this;
    ++used_;
    return pipe;
}

}  // namespace proxyd::net
