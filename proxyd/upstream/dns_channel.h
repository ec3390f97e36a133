// The way to one name server: datagrams, or a stream (RFC 1035 section 4.2, RFC 7766) where the configuration
// says so or an answer did not fit a datagram. One thread.
#pragma once

#include <poll.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.h"
#include "proxyd/upstream/dns_counters.h"
#include "proxyd/upstream/resolvers_settings.h"

namespace proxyd::upstream {

// A message as it goes through a stream: behind its length.
std::string frame_dns_message(std::string_view message);
// The first whole message of what has come through a stream, and how many bytes it took; 0: more are needed.
std::size_t next_dns_message(std::string_view bytes, std::string_view& message);

// A message has come; `by_stream`: nothing of it is missing.
using DnsReceiver = std::function<void(std::string_view message, bool by_stream)>;

class DnsStream {
 public:
    explicit DnsStream(const common::Endpoint& server) : server_(server) {}

    bool send(std::string_view message);  // opens the connection where there is none; false: not possible
    void enlist(std::vector<pollfd>& polled);
    void serve(const std::vector<pollfd>& polled, const DnsReceiver& receiver);

 private:
    bool open();
    void flush();
    void read(const DnsReceiver& receiver);
    void close();

    const common::Endpoint server_;
    common::UniqueFd fd_;
    std::string in_, out_;
    std::size_t place_ = 0;  // in the list that is polled
};

class DnsChannel {
 public:
    DnsChannel(const ResolversSettings::Nameserver& server, int payload_size)
        : server_(server), largest_(static_cast<std::size_t>(payload_size)), stream_(server.address) {}

    // What cannot be sent is not answered: the question's timeout covers it.
    void send(std::string_view query);
    void send_by_stream(std::string_view query);
    // poll() is given the sockets of all channels, then each looks at its own.
    void enlist(std::vector<pollfd>& polled);
    void serve(const std::vector<pollfd>& polled, const DnsReceiver& receiver);

    const std::string& name() const { return server_.name; }
    DnsCounters counters;

 private:
    bool send_datagram(std::string_view query);
    void read_datagrams(const DnsReceiver& receiver);

    const ResolversSettings::Nameserver& server_;
    const std::size_t largest_;
    common::UniqueFd fd_;
    std::size_t place_ = 0;
    DnsStream stream_;
};

}  // namespace proxyd::upstream
