// track-sc0, track-sc1, track-sc2, and the sc- actions on what is tracked (configuration manual 4.2).
#include <array>

#include "common/text.h"
#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/tracking.h"

namespace proxyd::rules {
namespace {

using state::StickData;
using state::StickTable;

// Connection rules track for the life of the connection, the others for that of a request.
bool tracks_connection(Phase phase) {
    return phase == Phase::tcp_connection || phase == Phase::tcp_session;
}

class Track final : public Action {
 public:
    Track(std::size_t which, Phase phase, Expression key, std::optional<ProxyName> table)
        : which_(which), phase_(phase), key_(std::move(key)), table_(std::move(table)) {}

    bool run(Context& context, Verdict&) const override {
        Tracking* const tracking = tracks_connection(phase_) ? context.session_tracking : context.tracking;
        state::ProxyState* const own = context.backend != nullptr ? context.backend : context.frontend;
        state::ProxyState* const proxy = table_ ? table_->find(context) : own;
        if (tracking == nullptr || proxy == nullptr || proxy->table == nullptr) return true;
        if (tracking->slot(which_).entry != nullptr) return true;
        if (context.session_tracking != nullptr && context.session_tracking->slot(which_).entry != nullptr)
            return true;
        thread_local std::string key;
        Sample sample;
        if (!key_.evaluate(context, sample) || !stick_key(*proxy->table, sample, context.arena, key))
            return true;
        tracking->start(which_, *proxy->table, key);
        if (phase_ == Phase::http_request)
            tracking->count_one(which_, StickData::http_req_cnt, StickData::http_req_rate);
        return true;
    }

 private:
    std::size_t which_;
    Phase phase_;
    Expression key_;
    std::optional<ProxyName> table_;
};

template <std::size_t which>
ActionPtr parse_track(ActionWords& words) {
    auto key = words.take_expression("a sample expression");
    if (!key) return nullptr;
    std::optional<ProxyName> table;
    if (words.take_if("table")) {
        const auto name = words.take("the name of a section after 'table'");
        if (!name) return nullptr;
        table.emplace(std::string(*name));
    }
    words.catalogue().mentions.push_back(
        {words.where(), table ? std::string(table->name()) : std::string(), {}, std::string(words.name())});
    return std::make_shared<Track>(which, words.phase(), std::move(*key), std::move(table));
}

// What an sc- action does to one element.
enum class Change : unsigned char { increment, set };

class ChangeTracked final : public Action {
 public:
    ChangeTracked(std::size_t which, StickData data, StickData rate, unsigned element, Change change,
                  std::optional<Expression> amount)
        : which_(which),
          data_(data),
          rate_(rate),
          element_(element),
          change_(change),
          amount_(std::move(amount)) {}

    bool run(Context& context, Verdict&) const override {
        Sample amount;
        amount.set_int(1);
        if (amount_ &&
            (!amount_->evaluate(context, amount) || !cast(amount, SampleType::integer, context.arena)))
            return true;
        for (const Tracking* tracking : {context.session_tracking, context.tracking}) {
            if (tracking == nullptr || tracking->slot(which_).entry == nullptr) continue;
            StickTable& table = *tracking->slot(which_).table;
            table.with(*tracking->slot(which_).entry,
                       [&](StickTable::Entry& entry) { apply(table, entry, amount.number); });
            break;
        }
        return true;
    }

 private:
    void apply(const StickTable& table, StickTable::Entry& entry, std::int64_t amount) const {
        const auto count = static_cast<std::uint32_t>(amount);
        if (const auto place = table.place(data_, element_)) {
            std::uint64_t& cell = entry.cells[*place].count;
            cell = change_ == Change::set ? count : cell + count;
        }
        if (change_ == Change::set) return;
        if (const auto place = table.place(rate_, element_))
            entry.cells[*place].rate.add(count, StickTable::now_ms(), table.period_ms(rate_));
    }

    std::size_t which_;
    StickData data_, rate_;
    unsigned element_;
    Change change_;
    std::optional<Expression> amount_;
};

struct Target {
    std::size_t which = 0;
    unsigned element = 0;
};

// "(N)", or "(ELEMENT,N)" of arrays.
std::optional<Target> parse_target(const ActionWords& words, bool indexed) {
    const auto parts = common::split(words.call(), ',');
    const auto refuse = [&] {
        words.refuse("'" + std::string(words.name()) + "' needs " +
                     (indexed ? "(<element>,<counter>)" : "(<counter>)") + ", the counter below " +
                     std::to_string(kTrackedCounters));
        return std::nullopt;
    };
    if (parts.size() != (indexed ? 2U : 1U)) return refuse();
    const auto which = common::parse_number(common::trim(parts.back()), 0, kTrackedCounters - 1);
    const auto element = indexed ? common::parse_number(common::trim(parts.front()), 0, 99) : 0;
    if (!which || !element) return refuse();
    return Target{static_cast<std::size_t>(*which), static_cast<unsigned>(*element)};
}

template <StickData data, StickData rate, bool indexed, Change change, bool takes_amount>
ActionPtr parse_change(ActionWords& words) {
    const auto target = parse_target(words, indexed);
    if (!target) return nullptr;
    std::optional<Expression> amount;
    if (takes_amount) {
        const std::string_view word = words.peek();
        if (!word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos) {
            auto constant = Expression::parse("int(" + std::string(word) + ")", &words.catalogue());
            words.take({});
            amount = std::move(*constant);
        } else {
            amount = words.take_expression("a number or a sample expression");
            if (!amount) return nullptr;
        }
    }
    return std::make_shared<ChangeTracked>(target->which, data, rate, target->element, change,
                                           std::move(amount));
}

using enum StickData;
constexpr auto kIncrement = Change::increment;
constexpr auto kSet = Change::set;
constexpr unsigned kTracks = kInTcp | kInRequest | kInResponse;

constexpr std::array kRows{
    ActionRow{"track-sc0", kTracks, parse_track<0>, "count in a stick table's entry"},
    ActionRow{"track-sc1", kTracks, parse_track<1>, "count in a stick table's entry"},
    ActionRow{"track-sc2", kTracks, parse_track<2>, "count in a stick table's entry"},
    ActionRow{"sc-inc-gpc0", kEverywhere, parse_change<gpc0, gpc0_rate, false, kIncrement, false>,
              "add 1 to gpc0 of what is tracked", true},
    ActionRow{"sc-inc-gpc1", kEverywhere, parse_change<gpc1, gpc1_rate, false, kIncrement, false>,
              "add 1 to gpc1 of what is tracked", true},
    ActionRow{"sc-inc-gpc", kEverywhere, parse_change<gpc, gpc_rate, true, kIncrement, false>,
              "add 1 to a gpc of what is tracked", true},
    ActionRow{"sc-add-gpc", kEverywhere, parse_change<gpc, gpc_rate, true, kIncrement, true>,
              "add to a gpc of what is tracked", true},
    ActionRow{"sc-set-gpt0", kEverywhere, parse_change<gpt0, gpt0, false, kSet, true>,
              "set gpt0 of what is tracked", true},
    ActionRow{"sc-set-gpt", kEverywhere, parse_change<gpt, gpt, true, kSet, true>,
              "set a gpt of what is tracked", true},
};

}  // namespace

std::span<const ActionRow> track_actions() {
    return kRows;
}

}  // namespace proxyd::rules
