// set-bandwidth-limit (configuration manual of HAProxy 2.7, 4.2). The session applies the order to what
// passes from then on.
#include <array>
#include <memory>

#include "common/text.h"
#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/bandwidth.h"

namespace proxyd::rules {
namespace {

using FilterRef = std::shared_ptr<const BandwidthFilter>;

class SetBandwidthLimit final : public Action {
 public:
    using Value = std::optional<Expression>;
    SetBandwidthLimit(FilterRef filter, std::uint64_t bytes, common::Duration period, Value bytes_value,
                      Value period_value)
        : filter_(std::move(filter)),
          bytes_(bytes),
          period_(period),
          bytes_value_(std::move(bytes_value)),
          period_value_(std::move(period_value)) {}

    bool run(Context& context, Verdict&) const override {
        if (context.arena == nullptr) return true;
        std::uint64_t bytes = bytes_ != 0 ? bytes_ : filter_->limit;
        common::Duration period = period_.count() != 0 ? period_ : filter_->period;
        if (filter_->shared()) {  // by all alike: its own values count
            bytes = filter_->limit;
        } else if (const auto number = positive(bytes_value_, context))
            bytes = static_cast<std::uint64_t>(*number);
        if (const auto number = positive(period_value_, context))
            period = std::chrono::milliseconds(std::min<std::int64_t>(*number, 0x7fffffff));
        constexpr std::size_t kSize = sizeof(BandwidthOrder);
        std::size_t room = kSize + alignof(BandwidthOrder);
        void* at = context.arena->allocate(room).data();
        at = std::align(alignof(BandwidthOrder), kSize, at, room);
        context.bandwidth =
            std::construct_at(static_cast<BandwidthOrder*>(at),
                              BandwidthOrder{filter_.get(), bytes, period, context.bandwidth});
        return true;
    }

 private:
    // Nothing: there is no such expression or it gives no such number; the filter's own value counts.
    static std::optional<std::int64_t> positive(const Value& value, const Context& context) {
        Sample sample;
        if (!value || !value->evaluate(context, sample) ||
            !cast(sample, SampleType::integer, context.arena) || sample.number <= 0)
            return std::nullopt;
        return sample.number;
    }

    FilterRef filter_;
    std::uint64_t bytes_;  // 0: the filter's
    common::Duration period_;
    Value bytes_value_, period_value_;
};

bool begins_with_digit(std::string_view text) {
    return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

// set-bandwidth-limit <name> [limit <size>|<expression>] [period <time>|<expression in milliseconds>]
ActionPtr parse_set(ActionWords& words) {
    const auto name = words.take("the name of a filter");
    if (!name) return nullptr;
    std::uint64_t bytes = 0;
    common::Duration period{0};
    std::optional<Expression> bytes_value, period_value;
    while (!words.at_end()) {
        const bool limit = words.take_if("limit");
        if (!limit && !words.take_if("period"))
            return words.refuse("'set-bandwidth-limit': unknown word '" + std::string(words.peek()) +
                                "' (limit or period)");
        if (!begins_with_digit(words.peek())) {
            auto value = words.take_expression(limit ? "a size or an expression" : "a time or an expression");
            if (!value) return nullptr;
            (limit ? bytes_value : period_value) = std::move(*value);
            continue;
        }
        const auto word = words.take("a value");
        if (!word) return nullptr;
        if (limit) {
            const auto size = common::parse_size(*word);
            if (!size) return words.refuse("'set-bandwidth-limit': " + size.error().text);
            bytes = *size;
        } else {
            const auto time = common::parse_duration(*word);
            if (!time) return words.refuse("'set-bandwidth-limit': " + time.error().text);
            period = *time;
        }
    }
    auto filter = find_bandwidth_filter(words.catalogue(), *name);
    filter->mentioned = words.where();
    return std::make_shared<SetBandwidthLimit>(std::move(filter), bytes, period, std::move(bytes_value),
                                               std::move(period_value));
}

constexpr std::array kRows{
    ActionRow{"set-bandwidth-limit", kInRequest | kInResponse | kInContent | kInTcpResponse, parse_set,
              "a filter bwlim-in or bwlim-out limits what passes"},
};

}  // namespace

std::shared_ptr<BandwidthFilter> find_bandwidth_filter(Catalogue& catalogue, std::string_view name) {
    for (const auto& filter : catalogue.bandwidths)
        if (filter->section == catalogue.acls && filter->name == name) return filter;
    auto& filter = catalogue.bandwidths.emplace_back(std::make_shared<BandwidthFilter>());
    filter->section = catalogue.acls;
    filter->name = name;
    return filter;
}

std::span<const ActionRow> bandwidth_actions() {
    return kRows;
}

}  // namespace proxyd::rules
