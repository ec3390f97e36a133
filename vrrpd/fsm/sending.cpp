// Adverts out.
#include <algorithm>

#include "vrrpd/fsm/context.h"

namespace vrrpd::fsm {
namespace {

// Lists of strangers, not to be multiplied without end.
constexpr std::size_t kMaxCopies = 4;

}  // namespace

// keepalived up to 2.3.2 drops an advert whose addresses are not exactly its own, and would be master beside
// us for good. The same advert with the list that it carries itself makes it give way, and stay so: the
// copies go on for as long as the peer is remembered with that list.
void send_advert(Context& c, std::uint8_t priority) {
    c.act(SendAdvert{priority, std::nullopt});
    if (!c.params.copy_addresses) return;
    std::vector<const std::vector<packet::IpAddress>*> sent;
    for (const Peer& peer : c.state.peers) {
        if (!peer.other_addresses || sent.size() == kMaxCopies) continue;
        const auto same = [&](const auto* list) { return *list == *peer.other_addresses; };
        if (std::ranges::any_of(sent, same)) continue;
        sent.push_back(&*peer.other_addresses);
        c.act(SendAdvert{priority, peer.other_addresses});
    }
}

void advertise(Context& c) {
    send_advert(c, c.state.priority);
    const Duration reassure = c.params.announcing.reassure;
    if (reassure <= Duration{} || c.now - c.state.reassured < reassure) return;
    c.state.reassured = c.now;
    c.act(Announce{1, std::nullopt});
}

}  // namespace vrrpd::fsm
