// One `peers` section: its listening socket, a link to each peer, and who teaches us. Used by the thread of
// peers.cpp alone.
#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "proxyd/net/channel.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/peers/peers.h"

namespace proxyd::peers {

// A connection from its first byte to its last.
struct Link {
    enum class Stage : unsigned char { connecting, greeted, listening, up };
    net::Channel channel;
    Stage stage = Stage::listening;
    common::TimePoint since;
    std::string in, out;
    std::unique_ptr<Dialogue> dialogue;  // up
};

class Section {
 public:
    Section(const Settings& settings, state::SharedState& state);

    // Opens the listening socket and reads certificates.
    common::Result<> listen();
    void add_to(std::vector<pollfd>& polled) const;
    // `polled`: what add_to() added, with what happened; consumed from the front.
    void act(std::vector<pollfd>::const_iterator& polled, common::TimePoint now);
    bool has_news() const;  // of our tables, for peers that are there
    void hand_over(common::TimePoint now);
    bool handing_over() const { return handing_over_; }
    SectionView view(common::TimePoint now) const;

 private:
    struct Peer {
        const PeerSettings* settings = nullptr;
        std::shared_ptr<const net::TlsContext> tls;  // of connections to it; null: plain
        Progress progress;
        std::unique_ptr<Link> link;
        common::TimePoint reconnect_at;
        common::TimePoint handshake_at;
        bool was_up = false, no_teacher = false;
        std::string status = "NONE";
        std::uint64_t connections = 0, protocol_errors = 0, collisions = 0, silences = 0;
    };
    enum class Resync : unsigned char { from_local, from_remote, done };

    common::Result<> read_certificates();
    void accept_all(common::TimePoint now);
    void greet_stranger(std::unique_ptr<Link>& link, common::TimePoint now);
    void connect(Peer& peer, common::TimePoint now);
    void continue_link(Peer& peer, short events, common::TimePoint now);
    bool finish_connect(Peer& peer, short events);
    bool take_status(Peer& peer, common::TimePoint now);
    void raise(Peer& peer, common::TimePoint now);
    void drop(Peer& peer, std::string status, common::TimePoint now);
    bool overdue(const Link& link, common::TimePoint now) const;
    void resync(common::TimePoint now);
    void choose_teacher(common::TimePoint now);
    void look_at_hand_over(common::TimePoint now);
    Peer* find(std::string_view name);

    const Settings& settings_;
    std::vector<TableRef> tables_;
    common::UniqueFd listener_;
    std::shared_ptr<const net::TlsContext> tls_;  // of those who connect; null: plain
    std::vector<Peer> peers_;
    std::vector<std::unique_ptr<Link>> strangers_;
    Resync resync_ = Resync::from_local;
    common::TimePoint resync_until_;
    Peer* teacher_ = nullptr;
    bool handing_over_ = false, stopping_ = false;
    common::TimePoint hand_over_until_;
};

}  // namespace proxyd::peers
