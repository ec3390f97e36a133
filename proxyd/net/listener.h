#pragma once

#include <memory>

#include "common/endpoint.h"
#include "common/unique_fd.h"

namespace proxyd::net {

class Worker;

// Accepts from one listening socket on its worker's thread. The socket is opened, shared and handed over by
// main/.
class Listener {
 public:
    // Who gets the connections. Calls come on the worker's thread.
    class Client {
     public:
        virtual ~Client() = default;
        // false: stop accepting for now (the process is full); resume() goes on.
        virtual bool may_accept() = 0;
        // Non-blocking, close-on-exec. `local`: the address that the client called; empty when that is for
        // getsockname() to say (a listener on all addresses).
        virtual void accepted(common::UniqueFd connection, const common::Endpoint& peer,
                              const common::Endpoint& local) = 0;
    };

    Listener(Worker& worker, common::UniqueFd socket, Client& client);
    ~Listener();  // closes; never shutdown(): duplicates in other processes go on listening
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // One event accepts at most so many connections, so that those that are there get their turn.
    void start(int most_at_once = 64);
    void resume();  // after may_accept() said no
    int fd() const;

 private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace proxyd::net
