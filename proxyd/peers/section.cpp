#include "proxyd/peers/section.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>

namespace proxyd::peers {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMostStrangers = 16;       // connections that have not said who they are
constexpr std::size_t kMostPending = 64 * 1024;  // bytes that a slow peer has not taken yet
constexpr std::size_t kMostRead = 64 * 1024;     // of one peer at a turn
constexpr auto kGreetingTime = seconds(5);
constexpr auto kLessonTime = seconds(5);
constexpr auto kHandOverTime = seconds(5), kNoSuccessorTime = seconds(1);

// Two that connect at once drop each other's connection: they must not come back together.
milliseconds random_delay() {
    static thread_local std::minstd_rand random{std::random_device()()};
    return milliseconds(50 + random() % 2000);
}

enum class Io : unsigned char { ok, ended };

Io receive(Link& link) {
    char buffer[16384];
    for (std::size_t total = 0; total < kMostRead;) {
        const net::IoResult read = link.channel.receive(buffer);
        if (read.would_block()) return Io::ok;
        if (!read.ok()) return Io::ended;
        link.in.append(buffer, read.count);
        total += read.count;
        if (read.count < sizeof buffer && !link.channel.buffered()) return Io::ok;
    }
    return Io::ok;
}

Io send_pending(Link& link) {
    while (!link.out.empty()) {
        const net::IoResult sent = link.channel.send(link.out);
        if (!sent.ok()) return sent.would_block() ? Io::ok : Io::ended;
        link.out.erase(0, sent.count);
    }
    return Io::ok;
}

common::UniqueFd make_socket(const common::Endpoint& address) {
    return common::UniqueFd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

}  // namespace

Section::Section(const Settings& settings, state::SharedState& state) : settings_(settings) {
    for (const SharedTable& table : settings.tables) {
        state::StickTable& shared = *state.proxies[static_cast<std::size_t>(table.proxy)]->table;
        shared.note_changes();
        tables_.push_back({table.name, &shared});
    }
    for (const PeerSettings& each : settings.peers) {
        Peer& peer = peers_.emplace_back();
        peer.settings = &each;
        peer.progress.tables.resize(tables_.size());
    }
    resync_until_ = common::Clock::now() + kLessonTime;
}

// Those of connections to peers and of those who connect.
common::Result<> Section::read_certificates() {
    if (settings_.bind_tls.enabled) {
        auto context = net::TlsContext::server(settings_.bind_tls);
        if (!context) return std::unexpected(context.error());
        tls_ = std::move(*context);
    }
    for (Peer& peer : peers_) {
        // A successor listens as we do, whatever the local peer's line says.
        const bool own = peer.settings->local && settings_.bind_tls.enabled && peer.settings->tls == nullptr;
        if (peer.settings->tls == nullptr && !own) continue;
        net::TlsClientSettings unverified;
        unverified.verify = false;
        auto context = net::TlsContext::client(own ? unverified : *peer.settings->tls);
        if (!context) return std::unexpected(context.error());
        peer.tls = std::move(*context);
    }
    return {};
}

common::Result<> Section::listen() {
    if (auto read = read_certificates(); !read) return read;
    const PeerSettings* local = settings_.local();
    const common::Endpoint& address = settings_.bind.empty() && local ? local->address : settings_.bind;
    if (address.empty()) return {};
    listener_ = make_socket(address);
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // The predecessor listens there, too, until we are ready.
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (::bind(listener_.get(), address.data(), address.size()) != 0 || ::listen(listener_.get(), 64) != 0)
        return common::fail_errno("peers " + settings_.name + ": cannot listen on " + address.to_string());
    return {};
}

void Section::add_to(std::vector<pollfd>& polled) const {
    polled.push_back({listener_ ? listener_.get() : -1, POLLIN, 0});
    const auto add = [&](const Link* link) {
        short events = POLLIN | POLLOUT;
        if (link && link->stage != Link::Stage::connecting)
            events = link->channel.interest(!link->out.empty());
        polled.push_back({link ? link->channel.fd() : -1, events, 0});
    };
    for (const auto& stranger : strangers_) add(stranger.get());
    for (const Peer& peer : peers_) add(peer.link.get());
}

void Section::act(std::vector<pollfd>::const_iterator& polled, common::TimePoint now) {
    const bool knocked = (polled++)->revents != 0;
    for (auto& stranger : strangers_) {
        const bool stirs = (polled++)->revents != 0 || stranger->channel.buffered();
        const bool ended = stirs && receive(*stranger) == Io::ended;
        if (ended || now - stranger->since >= kGreetingTime)
            stranger.reset();
        else
            greet_stranger(stranger, now);
    }
    std::erase(strangers_, nullptr);
    for (Peer& peer : peers_) {
        const short events = (polled++)->revents;
        if (peer.link) continue_link(peer, events, now);
        if (!peer.link && now >= peer.reconnect_at) connect(peer, now);
    }
    if (knocked) accept_all(now);
    if (!stopping_) resync(now);
    look_at_hand_over(now);
}

bool Section::has_news() const {
    return std::ranges::any_of(peers_, [](const Peer& peer) {
        return peer.link && peer.link->stage == Link::Stage::up && peer.link->out.empty() &&
               peer.link->dialogue->has_news();
    });
}

void Section::accept_all(common::TimePoint now) {
    for (std::size_t i = 0; i < kMostStrangers; ++i) {
        common::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd) return;
        if (strangers_.size() >= kMostStrangers) strangers_.erase(strangers_.begin());  // the slowest one
        auto link = std::make_unique<Link>();
        link->channel = net::Channel(std::move(fd));
        if (tls_ != nullptr && !link->channel.start_tls_server(*tls_)) continue;
        link->since = now;
        strangers_.push_back(std::move(link));
    }
}

Section::Peer* Section::find(std::string_view name) {
    const auto found =
        std::ranges::find_if(peers_, [&](const Peer& peer) { return peer.settings->name == name; });
    return found == peers_.end() ? nullptr : &*found;
}

// Who it is; an answer that is no success ends the connection.
void Section::greet_stranger(std::unique_ptr<Link>& link, common::TimePoint now) {
    Hello hello;
    Status answer = Status::success;
    std::size_t consumed = 0;
    const Parsed parsed = parse_hello(link->in, hello, consumed, answer);
    if (parsed == Parsed::need_more) return;
    Peer* peer = nullptr;
    if (parsed == Parsed::done) {
        const PeerSettings* local = settings_.local();
        peer = find(hello.from);
        answer = local == nullptr || hello.to != local->name ? Status::local
                 : peer == nullptr                           ? Status::remote
                 : peer->settings->local && peer->link       ? Status::later
                                                             : Status::success;
    }
    link->out = encode(answer);
    if (answer != Status::success || stopping_) {
        (void)send_pending(*link);
        link.reset();
        return;
    }
    if (peer->link) {  // the last one wins
        ++peer->collisions;
        drop(*peer, "NONE", now);
    }
    link->in.erase(0, consumed);
    peer->link = std::move(link);
    raise(*peer, now);
    if (peer->settings->local && resync_ == Resync::from_local && teacher_ == nullptr) {
        teacher_ = peer;
        peer->link->dialogue->expect_lesson();  // it begins by itself
    }
}

void Section::connect(Peer& peer, common::TimePoint now) {
    if (peer.settings->local != handing_over_ || (stopping_ && !handing_over_)) return;
    const common::Endpoint& address =
        peer.settings->local && !settings_.bind.empty() ? settings_.bind : peer.settings->address;
    if (address.empty()) return;
    auto link = std::make_unique<Link>();
    common::UniqueFd fd = make_socket(address);
    const bool begun = ::connect(fd.get(), address.data(), address.size()) == 0 || errno == EINPROGRESS;
    link->channel = net::Channel(std::move(fd));
    link->since = now;
    link->stage = Link::Stage::connecting;
    if (!begun ||
        (peer.tls != nullptr && !link->channel.start_tls_client(*peer.tls, peer.settings->server_name)))
        return drop(peer, "CONN", now);
    peer.status = "CONN";
    peer.link = std::move(link);
}

bool Section::finish_connect(Peer& peer, short events) {
    if ((events & (POLLOUT | POLLERR | POLLHUP)) == 0) return true;
    if (peer.link->channel.connect_error() != 0) return false;
    const PeerSettings* local = settings_.local();
    Hello hello;
    hello.to = peer.settings->name;
    hello.from = local ? local->name : std::string();
    hello.pid = ::getpid();
    peer.link->out = encode(hello);
    peer.link->stage = Link::Stage::greeted;
    return true;
}

bool Section::take_status(Peer& peer, common::TimePoint now) {
    int status = 0;
    std::size_t consumed = 0;
    const Parsed parsed = parse_status(peer.link->in, status, consumed);
    if (parsed == Parsed::need_more) return true;
    if (parsed == Parsed::error || status != static_cast<int>(Status::success)) return false;
    peer.link->in.erase(0, consumed);
    raise(peer, now);
    if (handing_over_) peer.link->dialogue->teach();
    return true;
}

void Section::raise(Peer& peer, common::TimePoint now) {
    const int on = 1;
    ::setsockopt(peer.link->channel.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer.link->stage = Link::Stage::up;
    peer.link->dialogue = std::make_unique<Dialogue>(tables_, peer.progress, now);
    peer.status = "ESTA";
    peer.handshake_at = now;
    peer.was_up = true;
    ++peer.connections;
}

void Section::drop(Peer& peer, std::string status, common::TimePoint now) {
    peer.link.reset();
    peer.status = std::move(status);
    peer.reconnect_at = now + (handing_over_ ? milliseconds(50) : random_delay());
    if (teacher_ != &peer) return;
    teacher_ = nullptr;
    resync_until_ = now + kLessonTime;
}

bool Section::overdue(const Link& link, common::TimePoint now) const {
    return link.stage == Link::Stage::up ? link.dialogue->lost(now) : now - link.since >= kGreetingTime;
}

void Section::continue_link(Peer& peer, short events, common::TimePoint now) {
    Link& link = *peer.link;
    bool alive = true;
    if (link.stage == Link::Stage::connecting) alive = finish_connect(peer, events);
    if (alive && link.stage != Link::Stage::connecting && (events != 0 || link.channel.buffered()))
        alive = receive(link) == Io::ok;
    if (!link.in.empty() && link.stage == Link::Stage::greeted && !take_status(peer, now)) alive = false;
    if (link.stage == Link::Stage::up) {
        std::string_view received = link.in;
        const bool sense = link.dialogue->take(received, now, link.out);
        link.in.erase(0, link.in.size() - received.size());
        if (!sense) {
            ++peer.protocol_errors;
            (void)send_pending(link);
            return drop(peer, "PROT", now);
        }
        if (alive) link.dialogue->write(link.out, kMostPending, now, resync_ == Resync::done);
    }
    alive = alive && send_pending(link) == Io::ok;
    if (!alive) return drop(peer, link.stage == Link::Stage::connecting ? "CONN" : "CLOS", now);
    if (!overdue(link, now)) return;
    ++peer.silences;
    drop(peer, "NONE", now);
}

// Who teaches us: the predecessor, another peer, nobody.
void Section::resync(common::TimePoint now) {
    if (resync_ == Resync::done) return;
    if (teacher_ == nullptr) return choose_teacher(now);
    if (!teacher_->link || !teacher_->link->dialogue) return;
    const Dialogue::Lesson lesson = teacher_->link->dialogue->learning();
    if (lesson == Dialogue::Lesson::finished) {
        resync_ = Resync::done;
        teacher_ = nullptr;
    } else if (lesson == Dialogue::Lesson::partial) {
        teacher_->no_teacher = true;
        teacher_ = nullptr;
        resync_until_ = now + kLessonTime;
    }
}

void Section::choose_teacher(common::TimePoint now) {
    if (now < resync_until_ && resync_ == Resync::from_local) return;
    if (resync_ == Resync::from_local) {
        resync_ = Resync::from_remote;
        resync_until_ = now + kLessonTime;
    }
    for (Peer& peer : peers_) {
        if (peer.no_teacher || peer.settings->local || !peer.link || peer.link->stage != Link::Stage::up)
            continue;
        teacher_ = &peer;
        peer.link->dialogue->ask();
        return;
    }
    if (now >= resync_until_) resync_ = Resync::done;
}

void Section::hand_over(common::TimePoint now) {
    stopping_ = true;
    listener_.reset();
    strangers_.clear();
    for (Peer& peer : peers_) {
        drop(peer, "NONE", now);
        peer.reconnect_at = now;
    }
    handing_over_ = settings_.local() != nullptr && !tables_.empty();
    hand_over_until_ = now + kHandOverTime;
}

void Section::look_at_hand_over(common::TimePoint now) {
    if (!handing_over_) return;
    const Peer& local = *find(settings_.local()->name);
    const bool up = local.link && local.link->stage == Link::Stage::up;
    const bool hopeless = !local.was_up && !up && now >= hand_over_until_ - kHandOverTime + kNoSuccessorTime;
    if ((up && local.link->dialogue->taught()) || hopeless || now >= hand_over_until_) handing_over_ = false;
}

SectionView Section::view(common::TimePoint now) const {
    SectionView out{settings_.name, settings_.disabled, resync_ == Resync::done, {}};
    for (const Peer& peer : peers_) {
        PeerView& each = out.peers.emplace_back();
        each.name = peer.settings->name;
        each.address =
            peer.settings->address.empty() ? settings_.bind.to_string() : peer.settings->address.to_string();
        each.status = peer.status;
        each.local = peer.settings->local;
        each.up = peer.link && peer.link->stage == Link::Stage::up;
        if (peer.was_up)
            each.handshake_s = std::chrono::duration_cast<seconds>(now - peer.handshake_at).count();
        if (!peer.link && peer.reconnect_at > now)
            each.reconnect_ms = std::chrono::duration_cast<milliseconds>(peer.reconnect_at - now).count();
        each.connections = peer.connections;
        each.protocol_errors = peer.protocol_errors;
        each.collisions = peer.collisions;
        each.silences = peer.silences;
        if (!each.up) continue;
        each.heartbeats_in = peer.link->dialogue->heartbeats_in();
        each.heartbeats_out = peer.link->dialogue->heartbeats_out();
        for (std::size_t i = 0; i < tables_.size(); ++i)
            each.tables.push_back(
                {tables_[i].name, i + 1, peer.link->dialogue->view(i), tables_[i].table->changes()});
    }
    return out;
}

}  // namespace proxyd::peers
