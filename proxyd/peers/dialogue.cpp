#include "proxyd/peers/dialogue.h"

#include <algorithm>

namespace proxyd::peers {

namespace {

using state::StickTable;

constexpr std::size_t kBatch = 64;         // entries under a shard's lock at a time
constexpr std::size_t kMostRemotes = 256;  // tables that another peer may define

}  // namespace

Dialogue::Dialogue(std::span<const TableRef> tables, Progress& progress, common::TimePoint now)
    : tables_(tables), progress_(progress), channels_(tables.size()), heard_(now), said_(now) {
    for (Progress::OfTable& table : progress_.tables) table.sent = table.acknowledged;
}

bool Dialogue::take(std::string_view& received, common::TimePoint now, std::string& out) {
    for (;;) {
        Frame frame;
        std::size_t consumed = 0;
        const Parsed parsed = parse_frame(received, frame, consumed);
        if (parsed == Parsed::need_more) return true;
        if (parsed == Parsed::error) {
            put_failure(out, Failure::size);
            return false;
        }
        heard_ = now;
        bool understood = true;
        if (frame.kind == static_cast<std::uint8_t>(Class::control))
            understood = take_control(static_cast<Control>(frame.type));
        else if (frame.kind == static_cast<std::uint8_t>(Class::table))
            understood = take_table_message(frame);
        else if (frame.kind == static_cast<std::uint8_t>(Class::error))
            return false;
        received.remove_prefix(consumed);
        if (!understood) {
            put_failure(out, Failure::protocol);
            return false;
        }
    }
}

bool Dialogue::take_control(Control type) {
    switch (type) {
        case Control::request:
            teach();
            return true;
        case Control::finished:
        case Control::partial:
            if (learning_ == Lesson::under_way)
                learning_ = type == Control::finished ? Lesson::finished : Lesson::partial;
            confirm_ = true;
            return true;
        case Control::confirm:
            taught_ = true;
            return true;
        case Control::heartbeat:
            ++heartbeats_in_;
            return true;
    }
    return true;  // of a later version
}

bool Dialogue::take_table_message(const Frame& frame) {
    const auto type = static_cast<TableMessage>(frame.type);
    if (type == TableMessage::ack) return take_ack(frame.body);
    if (type == TableMessage::change_table) {
        const auto found = remotes_.find(Reader(frame.body).number());
        current_ = found == remotes_.end() ? nullptr : &found->second;
        return current_ != nullptr;
    }
    if (type == TableMessage::definition) {
        Definition definition;
        if (!parse_definition(frame.body, definition)) return false;
        if (remotes_.size() >= kMostRemotes && !remotes_.contains(definition.id)) return false;
        Remote& remote = remotes_[definition.id];
        const auto ours = std::ranges::find(tables_, definition.name, &TableRef::name);
        const bool fits = ours != tables_.end() && definition.fits(*ours->table);
        remote.table = fits ? static_cast<int>(ours - tables_.begin()) : -1;
        remote.definition = std::move(definition);
        current_ = &remote;
        return true;
    }
    if (frame.type < static_cast<std::uint8_t>(TableMessage::update) ||
        frame.type > static_cast<std::uint8_t>(TableMessage::timed_next_update))
        return true;  // of a later version
    if (current_ == nullptr) return false;
    if (current_->table < 0) return true;
    StickTable& table = *tables_[static_cast<std::size_t>(current_->table)].table;
    return learn_entry(type, frame.body, current_->definition, table, current_->received,
                       StickTable::now_ms());
}

bool Dialogue::take_ack(std::string_view body) {
    Reader in(body);
    const std::uint64_t id = in.number();
    const std::uint32_t number = in.fixed();
    if (!in.ok()) return false;
    if (id == 0 || id > channels_.size()) return true;
    Channel& channel = channels_[static_cast<std::size_t>(id - 1)];
    if (number > channel.sent) return true;
    channel.acknowledged = std::max(channel.acknowledged, number);
    if (channel.mark != 0 && channel.acknowledged >= channel.mark) {
        progress_.tables[static_cast<std::size_t>(id - 1)].acknowledged = channel.sent_at_mark;
        channel.mark = 0;
    }
    return true;
}

void Dialogue::ask() {
    ask_ = true;
    learning_ = Lesson::under_way;
}

void Dialogue::teach() {
    teaching_ = true;
    taught_ = false;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        progress_.tables[i].sent = {};
        channels_[i].teach_until = tables_[i].table->changes();
    }
}

bool Dialogue::has_updates(std::size_t which) const {
    const auto& sent = progress_.tables[which].sent;
    return std::ranges::any_of(
        sent, [&](std::uint64_t cursor) { return cursor < tables_[which].table->changes(); });
}

bool Dialogue::has_news() const {
    if (ask_ || confirm_ || teaching_) return true;
    for (const auto& [id, remote] : remotes_)
        if (remote.received != remote.acknowledged) return true;
    for (std::size_t i = 0; i < tables_.size(); ++i)
        if (has_updates(i)) return true;
    return false;
}

void Dialogue::write_acks(std::string& out) {
    for (auto& [id, remote] : remotes_) {
        if (remote.received == remote.acknowledged) continue;
        std::string body;
        put_number(body, id);
        put_fixed(body, remote.received);
        put_table_message(out, TableMessage::ack, body);
        remote.acknowledged = remote.received;
    }
}

// What changed since the cursors. What was learned is for lessons only: its owner tells everybody himself.
void Dialogue::write_updates(std::size_t which, std::string& out, std::size_t most) {
    StickTable& table = *tables_[which].table;
    Channel& channel = channels_[which];
    auto& sent = progress_.tables[which].sent;
    const std::int64_t now = StickTable::now_ms();
    bool defined = false;
    for (std::size_t shard = 0; shard < sent.size(); ++shard) {
        // Changes behind this point are of the next turn: a table that never rests does not hold us.
        const std::uint64_t until = table.changes();
        while (sent[shard] < until && out.size() < most) {
            const std::uint64_t last =
                table.visit_changes(shard, sent[shard], kBatch, [&](const StickTable::Entry& entry) {
                    if (entry.learned && (!teaching_ || entry.change > channel.teach_until)) return;
                    if (!defined)
                        put_table_message(out, TableMessage::definition,
                                          encode_definition(which + 1, tables_[which].name, table));
                    defined = true;
                    put_table_message(out, TableMessage::timed_update,
                                      encode_entry(++channel.sent, table, entry, now));
                });
            // Nothing is left in this shard up to `until`, which was read before.
            sent[shard] = last == sent[shard] ? until : last;
        }
    }
    if (!defined && channel.sent == channel.acknowledged) {
        progress_.tables[which].acknowledged = sent;
    } else if (channel.mark == 0 && defined) {
        channel.mark = channel.sent;
        channel.sent_at_mark = sent;
    }
}

void Dialogue::end_lesson(std::string& out, bool up_to_date) {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        const auto& sent = progress_.tables[i].sent;
        if (std::ranges::any_of(sent, [&](std::uint64_t at) { return at < channels_[i].teach_until; }))
            return;
    }
    teaching_ = false;
    put_control(out, up_to_date ? Control::finished : Control::partial);
}

void Dialogue::write(std::string& out, std::size_t most, common::TimePoint now, bool up_to_date) {
    const std::size_t before = out.size();
    if (std::exchange(confirm_, false)) put_control(out, Control::confirm);
    if (std::exchange(ask_, false)) put_control(out, Control::request);
    write_acks(out);
    for (std::size_t i = 0; i < tables_.size() && out.size() < most; ++i)
        if (has_updates(i)) write_updates(i, out, most);
    if (teaching_) end_lesson(out, up_to_date);
    if (out.size() == before && now - said_ >= kHeartbeat) {
        put_control(out, Control::heartbeat);
        ++heartbeats_out_;
    }
    if (out.size() != before) said_ = now;
}

Dialogue::TableView Dialogue::view(std::size_t table) const {
    TableView out;
    out.sent = channels_[table].sent;
    out.acknowledged = channels_[table].acknowledged;
    for (const auto& [id, remote] : remotes_)
        if (remote.table == static_cast<int>(table)) {
            out.remote_id = id;
            out.received = remote.received;
        }
    return out;
}

}  // namespace proxyd::peers
