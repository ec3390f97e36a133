#include "vrrpd/engine/advert_hub.h"

#include <algorithm>

namespace vrrpd::engine {

using packet::Family;
using packet::IpAddress;

struct AdvertHub::Entry {
    Entry(boost::asio::io_context& io, std::string name, io::AdvertSocket opened)
        : interface(std::move(name)), socket(std::move(opened)), watch(io, socket.fd()) {}
    ~Entry() { watch.release(); }  // `socket` closes it

    std::string interface;
    io::AdvertSocket socket;
    boost::asio::posix::stream_descriptor watch;
    bool open = true;
};

AdvertHub::~AdvertHub() {
    for (const auto& entry : entries_) {
        entry->open = false;
        entry->watch.cancel();
    }
}

AdvertHub::Entry* AdvertHub::find(Family family, const std::string& interface) {
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) {
        return entry->interface == interface && entry->socket.family() == family;
    });
    return found == entries_.end() ? nullptr : found->get();
}

common::Result<> AdvertHub::listen(Family family, const std::string& interface, int index,
                                   const IpAddress& group) {
    Entry* known = find(family, interface);
    if (known != nullptr && known->socket.index() != index) {
        prune([&](const std::string& name, Family kind) { return name != interface || kind != family; });
        known = nullptr;
    }
    if (known == nullptr) {
        auto socket = io::AdvertSocket::open(family, interface, index);
        if (!socket) return std::unexpected(socket.error());
        entries_.push_back(std::make_shared<Entry>(io_, interface, std::move(*socket)));
        known = entries_.back().get();
        wait(entries_.back());
    }
    return known->socket.join(group);
}

common::Result<> AdvertHub::send(const std::string& interface, std::span<const std::uint8_t> payload,
                                 const IpAddress& source, const IpAddress& destination, int ttl) {
    const Entry* entry = find(destination.family(), interface);
    if (entry == nullptr) return common::fail("no advert socket on " + interface);
    return entry->socket.send(payload, source, destination, ttl);
}

void AdvertHub::wait(const std::shared_ptr<Entry>& entry) {
    entry->watch.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [this, entry](boost::system::error_code error) {
                                if (error || !entry->open) return;
                                drain(*entry);
                                if (entry->open) wait(entry);
                            });
}

void AdvertHub::drain(Entry& entry) {
    packet::Datagram datagram;
    for (int count = 0; count < kMaxDrain && entry.open && entry.socket.receive(datagram); ++count) {
        handler_(entry.interface, entry.socket.family(), datagram);
    }
}

void AdvertHub::drain() {
    // A copy: what is received may open or close sockets.
    const auto entries = entries_;
    for (const auto& entry : entries) drain(*entry);
}

void AdvertHub::prune(const std::function<bool(const std::string&, Family)>& in_use) {
    std::erase_if(entries_, [&](const std::shared_ptr<Entry>& entry) {
        if (in_use(entry->interface, entry->socket.family())) return false;
        entry->open = false;
        entry->watch.cancel();
        return true;
    });
}

}  // namespace vrrpd::engine
