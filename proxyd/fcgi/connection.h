// A connection to a FastCGI application, as its user sees it: HTTP/1.1 responses come out of it. What is
// written to it is the records that begin a request (append_request()), then the body as it is. One request
// at a time; the connection may carry the next when the application keeps it. Worker's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxyd/fcgi/answer_reader.h"
#include "proxyd/fcgi/request_writer.h"
#include "proxyd/net/layer.h"

namespace proxyd::fcgi {

class Connection final : public net::Layer {
 public:
    struct Exchange {
        std::size_t head = 0;    // bytes of records that are written first
        std::uint64_t body = 0;  // of the body behind them
        ResponseTranslator::Options response;
        ErrorSink errors;
    };
    void begin(const Exchange& exchange);

    // Nonsense from the application is an error with errno EBADMSG.
    net::IoResult try_read(net::Stream& below, std::span<char> into) override;
    net::IoResult try_write(net::Stream& below, std::span<const iovec> pieces) override;
    bool buffered() const override { return at_ < out_.size(); }
    bool reusable(net::Stream& below, bool stirred) override;
    void release_buffers() override;

 private:
    net::IoResult pull(net::Stream& below);
    void forget_output();

    RequestWriter request_;
    AnswerReader answer_;
    std::unique_ptr<char[]> in_;  // where to read to
    std::string out_;             // of the response, from at_ on
    std::size_t at_ = 0;
};

}  // namespace proxyd::fcgi
