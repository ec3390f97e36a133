// What two peers say to each other once they have greeted: who teaches whom, updates both ways, what of them
// has arrived (HAProxy, doc/peers.txt). No sockets here: bytes in, bytes out.
//
// A peer sends what changed on its own side, from where the other has acknowledged. On request it teaches
// all it knows, what it learned itself included.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "proxyd/peers/table_message.h"

namespace proxyd::peers {

struct TableRef {
    std::string name;  // on the wire
    state::StickTable* table;
};

// How far the other peer knows our tables; kept while it is away.
struct Progress {
    using Cursors = std::array<std::uint64_t, state::StickTable::kShards>;
    struct OfTable {
        Cursors sent{};          // changes up to here were sent, by shard
        Cursors acknowledged{};  // and up to here they arrived
    };
    std::vector<OfTable> tables;
};

class Dialogue {
 public:
    static constexpr auto kHeartbeat = std::chrono::seconds(3);  // of silence
    static constexpr auto kPatience = std::chrono::seconds(5);   // without a word from the other

    // `tables` and `progress` outlive it; `progress` has as many tables.
    Dialogue(std::span<const TableRef> tables, Progress& progress, common::TimePoint now);

    // Takes whole messages off the front of what was received. False: the other speaks nonsense; `out` has
    // an answer.
    bool take(std::string_view& received, common::TimePoint now, std::string& out);

    // Adds what is to be said, until `out` has about `most` bytes. `up_to_date`: our own tables are.
    void write(std::string& out, std::size_t most, common::TimePoint now, bool up_to_date);
    // Something is to be said at once.
    bool has_news() const;
    bool lost(common::TimePoint now) const { return now - heard_ >= kPatience; }

    void ask();                                              // the other for all it knows
    void teach();                                            // all we know, without being asked
    void expect_lesson() { learning_ = Lesson::under_way; }  // the other begins by itself
    // The end of the lesson that we got or gave.
    enum class Lesson : unsigned char { none, under_way, finished, partial };
    Lesson learning() const { return learning_; }
    bool taught() const { return taught_; }  // ours has been confirmed

    // For operators.
    std::uint64_t heartbeats_in() const { return heartbeats_in_; }
    std::uint64_t heartbeats_out() const { return heartbeats_out_; }
    struct TableView {
        std::uint64_t remote_id = 0;
        std::uint32_t sent = 0, acknowledged = 0, received = 0;
    };
    TableView view(std::size_t table) const;

 private:
    struct Channel {
        std::uint32_t sent = 0, acknowledged = 0;  // numbers of our updates
        Progress::Cursors sent_at_mark{};          // the cursors when update `mark` was sent
        std::uint32_t mark = 0;
        std::uint64_t teach_until = 0;
    };
    // A table of the other's.
    struct Remote {
        Definition definition;
        int table = -1;  // of ours; -1: we have none that fits
        std::uint32_t received = 0, acknowledged = 0;
    };

    bool take_control(Control type);
    bool take_table_message(const Frame& frame);
    bool take_ack(std::string_view body);
    void write_acks(std::string& out);
    void write_updates(std::size_t which, std::string& out, std::size_t most);
    bool has_updates(std::size_t which) const;
    void end_lesson(std::string& out, bool up_to_date);

    std::span<const TableRef> tables_;
    Progress& progress_;
    std::vector<Channel> channels_;  // one per table
    std::map<std::uint64_t, Remote> remotes_;
    Remote* current_ = nullptr;
    common::TimePoint heard_, said_;
    bool ask_ = false, confirm_ = false, teaching_ = false, taught_ = false;
    Lesson learning_ = Lesson::none;
    std::uint64_t heartbeats_in_ = 0, heartbeats_out_ = 0;
};

}  // namespace proxyd::peers
