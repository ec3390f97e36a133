// Listening sockets. open_sockets() runs in the main thread before privileges are dropped; a Listener accepts from
// one of them on its worker's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/endpoint.h"
#include "common/error.h"
#include "common/unique_fd.h"
#include "proxyd/net/settings.h"

namespace proxyd::net {

class Worker;

// Sockets for `count` workers as the bind line says: with IP each worker gets its own (SO_REUSEPORT), so that the
// kernel spreads connections; Unix and inherited sockets (`fd@N`) are duplicated. All listen already. Errors are
// sentences without the place: "cannot bind to *:80: Permission denied".
common::Result<std::vector<common::UniqueFd>> open_sockets(const BindSettings& bind, int count);

// The same from sockets that were taken over from an older process: every one of them is used (closing one would
// lose the connections waiting in it), missing ones are duplicated; extra ones follow at the end, so that index
// i % count is the worker to give it to.
std::vector<common::UniqueFd> adopt_sockets(std::vector<common::UniqueFd> taken, int count);

class Listener {
   public:
    // Who gets the connections. Calls come on the worker's thread.
    class Client {
       public:
        virtual ~Client() = default;
        // false: stop accepting for now (the process is full); resume() goes on.
        virtual bool may_accept() = 0;
        // Non-blocking, close-on-exec.
        virtual void accepted(common::UniqueFd connection, const common::Endpoint& peer) = 0;
    };

    Listener(Worker& worker, common::UniqueFd socket, Client& client);
    ~Listener();  // closes; never shutdown(): duplicates in other processes go on listening
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    void resume();  // after may_accept() said no
    int fd() const;

   private:
    struct Core;
    std::shared_ptr<Core> core_;
};

}  // namespace proxyd::net
