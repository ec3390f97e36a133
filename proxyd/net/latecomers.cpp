#include "proxyd/net/latecomers.h"

#include "proxyd/net/worker.h"

namespace proxyd::net {

namespace {

using namespace std::chrono_literals;

// Who leaves while his answer is made is noticed so much later; few answers take as long.
constexpr auto kTurn = 10ms;

}  // namespace

Latecomers::Latecomers(const Worker& worker, DeadlineWheel& wheel)
    : worker_(worker), next_(wheel, [](void* self) { static_cast<Latecomers*>(self)->turn(); }, this) {}

void Latecomers::add(Latecomer& latecomer) {
    young_.push_back(latecomer);
    if (next_.when() == common::kNever) next_.set(worker_.now() + kTurn);
}

void Latecomers::turn() {
    while (!old_.empty()) old_.front().join_late();
    old_.splice(old_.end(), young_);
    if (!old_.empty()) next_.set(worker_.now() + kTurn);
}

}  // namespace proxyd::net
