// A request on its way into records: the head passes as it is, the body is cut into FCGI_STDIN and ended.
// Pure: it says which bytes are due, its owner writes them.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "proxyd/fcgi/record.h"

namespace proxyd::fcgi {

class RequestWriter {
 public:
    // `head`: bytes of records that come first (append_request()). `body`: bytes behind them.
    void begin(std::size_t head, std::uint64_t body);

    // What the user offers, each time from its first byte on that report() has not told of.
    void offer(std::span<const iovec> pieces);
    // What is to be written next; empty: nothing, until more is offered.
    std::span<const iovec> due();
    bool more_follows() const { return more_follows_; }  // at once, behind what was due
    void wrote(std::size_t count);
    // How many of the offered bytes count as written from now on. The last one does when the record that ends
    // the body is out: the user comes again for it.
    std::size_t report();

 private:
    void add(const char* data, std::size_t size);
    void add_offered(std::size_t size);
    std::span<const iovec> due_body();
    bool body_sent() const { return head_left_ == 0 && body_left_ == 0 && record_left_ == 0; }

    std::size_t head_left_ = 0;    // bytes that pass as they are
    std::uint64_t body_left_ = 0;  // bytes that are in no record yet
    RecordHeader header_{};        // of the latest record
    std::size_t header_left_ = 0;  // bytes of it to be written
    std::size_t record_left_ = 0;  // bytes that it still needs
    std::size_t end_left_ = 0;     // bytes of the record that ends the body
    std::size_t unreported_ = 0;   // the user's bytes that have left and that it has not been told of

    std::span<const iovec> offered_;
    std::size_t offered_size_ = 0;
    std::array<iovec, 132> gathered_;  // a session's pieces and what we add
    std::size_t gathered_count_ = 0;
    bool more_follows_ = false;
};

}  // namespace proxyd::fcgi
