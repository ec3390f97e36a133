#include "proxyd/net/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

namespace proxyd::net {

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Mailbox::~Mailbox() {
    for (Node* node = newest_.load(); node;) delete std::exchange(node, node->next);
}

void Mailbox::post(std::function<void()> job) {
    Node* before = newest_.load(std::memory_order_relaxed);
    auto* node = new Node{std::move(job), before};
    while (!newest_.compare_exchange_weak(before, node, std::memory_order_release, std::memory_order_relaxed))
        node->next = before;
    // From here on the node is the worker's: it may be gone already.
    // Somebody who found letters there has rung already, or the worker is about to look. seq: our node is
    // visible before the bell, because the worker answers the bell first and takes the list after.
    if (before == nullptr) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
    }
}

Mailbox::Node* Mailbox::reverse(Node* newest) {
    Node* oldest = nullptr;
    while (newest) oldest = std::exchange(newest, std::exchange(newest->next, oldest));
    return oldest;
}

void Mailbox::run_all() {
    std::uint64_t bell = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &bell, sizeof bell);
    for (Node* node = reverse(newest_.exchange(nullptr, std::memory_order_acquire)); node;) {
        const std::unique_ptr<Node> letter(std::exchange(node, node->next));
        letter->job();
    }
}

}  // namespace proxyd::net
