// stick-table (configuration manual 4.2).
#include <algorithm>

#include "common/keyword_table.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/peers_section.h"
#include "proxyd/config/stick_table_line.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using Settings = state::StickTableSettings;

struct KeyRow {
    std::string_view name;
    state::StickKey key;
    bool sized;  // `len N` may follow
};
constexpr KeyRow kKeys[] = {
    {"ip", state::StickKey::ipv4, false},         {"ipv6", state::StickKey::ipv6, false},
    {"integer", state::StickKey::integer, false}, {"string", state::StickKey::text, true},
    {"binary", state::StickKey::binary, true},
};

// The words after stick-table, from left to right.
class Parser {
 public:
    Parser(Reading& in, const Statement& line, Settings& out) : in_(in), line_(line), out_(out) {}

    std::string peers;  // the section that shares it

    bool parse() {
        const auto words = line_.arguments();
        for (at_ = 0; at_ < words.size();) {
            const std::string& word = words[at_++];
            if (word == "nopurge") {
                out_.nopurge = true;
            } else if (at_ == words.size()) {
                return refuse("'" + word + "' needs a word after it");
            } else if (!option(word, words[at_++])) {
                return false;
            }
        }
        if (!typed_) return refuse("'type ip|ipv6|integer|string|binary' is missing");
        if (out_.size == 0) return refuse("'size <number>' is missing");
        return true;
    }

 private:
    bool refuse(const std::string& text) { return in_.error(line_, "'stick-table': " + text), false; }

    bool option(const std::string& word, const std::string& value) {
        if (word == "type") return type(value);
        if (word == "size") return size(value);
        if (word == "expire") {
            const auto time = common::parse_duration(value, common::TimeUnit::ms);
            if (!time) return refuse("expire: " + time.error().text);
            out_.expire_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*time).count();
            return true;
        }
        if (word == "store") return store(value);
        if (word == "peers") {
            peers = value;
            return true;
        }
        if (word == "srvkey" || word == "write-to") {
            in_.no_effect(line_, "'" + word + "' of 'stick-table'",
                          word == "srvkey" ? "servers are known by their names"
                                           : "what is counted stays in this table");
            return true;
        }
        return refuse("unknown word '" + word +
                      "' (known are type, size, expire, store, nopurge, peers, srvkey)");
    }

    bool type(const std::string& name) {
        const auto row = std::ranges::find(kKeys, name, &KeyRow::name);
        if (row == std::end(kKeys))
            return refuse("unknown type '" + name + "' (known are ip, ipv6, integer, string, binary)");
        typed_ = true;
        out_.key = row->key;
        const auto words = line_.arguments();
        if (!row->sized || at_ + 1 >= words.size() || words[at_] != "len") return true;
        const auto length = common::parse_number(words[at_ + 1], 1, 16384);
        if (!length) return refuse("len: " + length.error().text);
        out_.key_size = static_cast<std::size_t>(*length);
        at_ += 2;
        return true;
    }

    bool size(const std::string& text) {
        const auto entries = common::parse_size(text);
        if (!entries || *entries == 0) return refuse("'" + text + "' is no number of entries");
        out_.size = static_cast<std::size_t>(*entries);
        return true;
    }

    // "gpc0,conn_rate(10s),gpc(4),gpc_rate(4,10s)"
    bool store(std::string_view text) {
        while (!text.empty()) {
            const auto open = text.find_first_of("(,");
            const std::string_view name = text.substr(0, open);
            std::string_view call;
            text = open == std::string_view::npos ? std::string_view() : text.substr(open);
            if (text.starts_with('(')) {
                const auto close = text.find(')');
                if (close == std::string_view::npos) return refuse("missing ')' in 'store'");
                call = text.substr(1, close - 1);
                text.remove_prefix(close + 1);
            }
            if (text.starts_with(',')) text.remove_prefix(1);
            if (!datum(name, call)) return false;
        }
        return true;
    }

    bool datum(std::string_view name, std::string_view call) {
        const auto rows = state::stick_data_rows();
        const auto* row = common::find_row(rows, name);
        if (row == nullptr)
            return refuse("unknown data type '" + std::string(name) + "'" +
                          common::did_you_mean(name, common::row_names(rows)));
        Settings::Stored stored{row->data, 0, 1};
        if (row->is_array) {
            const auto comma = std::min(call.find(','), call.size());
            const auto count = common::parse_number(call.substr(0, comma), 1, 100);
            if (!count) return refuse("'" + std::string(name) + "' needs a number of elements (1 to 100)");
            stored.elements = static_cast<unsigned>(*count);
            call = comma < call.size() ? call.substr(comma + 1) : std::string_view();
        }
        if (row->is_rate) {
            const auto period = common::parse_duration(call, common::TimeUnit::ms);
            if (!period || period->count() <= 0)
                return refuse("'" + std::string(name) + "' needs a period, such as (10s)");
            stored.period_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*period).count();
        }
        const auto known = std::ranges::find(out_.stored, row->data, &Settings::Stored::data);
        if (known != out_.stored.end())
            in_.warning(line_,
                        "'stick-table': '" + std::string(name) + "' is stored already, this one is ignored");
        else
            out_.stored.push_back(stored);
        return true;
    }

    Reading& in_;
    const Statement& line_;
    Settings& out_;
    std::size_t at_ = 0;
    bool typed_ = false;
};

void add_table(Reading& in, const Statement& line) {
    if (in.proxy().stick_table)
        return in.error(line,
                        "'stick-table': this section has a table already; put a second one into a section "
                        "of its own");
    Settings settings;
    Parser parser(in, line, settings);
    if (!parser.parse()) return;
    if (!parser.peers.empty()) share_table(in, line, parser.peers);
    std::ranges::sort(settings.stored, {}, &Settings::Stored::data);
    in.proxy().stick_table = std::move(settings);
}

constexpr Keyword kKeywords[] = {
    works("stick-table", kOwnProxies, 1, -1, add_table,
          "type <type> size <n> [expire <time>] [nopurge] [peers <section>] [store <data>,...]",
          "a table that rules count in; kept over reloads if a peers section shares it"),
};

}  // namespace

std::optional<Settings> parse_stick_table(Reading& in, const Statement& line) {
    Settings settings;
    Parser parser(in, line, settings);
    if (!parser.parse()) return std::nullopt;
    std::ranges::sort(settings.stored, {}, &Settings::Stored::data);
    return settings;
}

std::span<const Keyword> stick_table_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
