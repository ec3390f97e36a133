#include "proxyd/net/waiter.h"

#include <utility>

#include "proxyd/net/worker.h"

namespace proxyd::net {

Waiter::Waiter(Worker& worker)
    : worker_(worker),
      deadline_(worker.deadlines(), [](void* self) { static_cast<Waiter*>(self)->set(kDeadline); }, this) {
    worker.enlist(*this);
}

Waiter::~Waiter() = default;

void Waiter::suspend(Handler&& handler, Bits interest, common::TimePoint deadline) {
    handler_.emplace(std::move(handler));
    interest_ = interest | kDeadline;
    pending_ &= ~kDeadline;  // of an earlier wait
    deadline_.set(deadline);
    if (pending_ & interest_) worker_.make_ready(*this);
}

void Waiter::set(Bits bits) {
    pending_ |= bits;
    if (handler_ && (pending_ & interest_)) worker_.make_ready(*this);
}

void Waiter::resume() {
    const Bits bits = take(interest_);
    if (!handler_ || bits == 0) return;
    Handler handler = std::move(*handler_);
    handler_.reset();
    handler(bits);  // may destroy this
}

void Waiter::abandon() {
    if (!handler_) return;
    Handler handler = std::move(*handler_);
    handler_.reset();
}  // the handler's destructor has Asio unwind the coroutines

}  // namespace proxyd::net
