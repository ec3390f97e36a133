// The only way into a worker: jobs from any thread, run in order on the worker's thread. A lock-free list
// that producers push to and the worker takes whole; an eventfd wakes it.
#pragma once

#include <atomic>
#include <functional>

#include "common/unique_fd.h"

namespace proxyd::net {

class Mailbox {
 public:
    Mailbox();
    ~Mailbox();
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    void post(std::function<void()> job);  // any thread
    void run_all();                        // worker's thread: clears the eventfd, runs what has arrived
    int wake_fd() const { return wake_.get(); }

 private:
    struct Node {
        std::function<void()> job;
        Node* next;
    };
    static Node* reverse(Node* newest);

    std::atomic<Node*> newest_{nullptr};
    common::UniqueFd wake_;
};

}  // namespace proxyd::net
