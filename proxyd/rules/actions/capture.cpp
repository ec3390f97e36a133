// capture SAMPLE len N, capture SAMPLE id N: into a slot of the frontend (configuration manual 4.2).
#include <array>

#include "common/text.h"
#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

constexpr std::int64_t kLongest = 65535;

class Capture final : public Action {
 public:
    Capture(bool response, Expression value, std::size_t slot, std::size_t length)
        : response_(response), value_(std::move(value)), slot_(slot), length_(length) {}

    bool run(Context& context, Verdict&) const override {
        const auto slots = response_ ? context.captured_response_fields : context.captured_request_fields;
        Sample sample;
        if (context.arena == nullptr || slot_ >= slots.size() || !value_.evaluate(context, sample))
            return true;
        TextBuffer buffer;
        slots[slot_] = context.arena->copy(to_text(sample, buffer).substr(0, length_));
        return true;
    }

 private:
    bool response_;
    Expression value_;
    std::size_t slot_, length_;
};

ActionPtr parse_capture(ActionWords& words) {
    const bool response =
        words.phase() == Phase::http_response || words.phase() == Phase::http_after_response;
    auto value = words.take_expression("a sample expression");
    if (!value) return nullptr;
    const bool by_id = words.take_if("id");
    if (!by_id && !words.take_if("len")) return words.refuse("'capture' needs 'len <length>' or 'id <slot>'");
    const auto word = words.take("a number");
    if (!word) return nullptr;
    const auto number = common::parse_number(*word, by_id ? 0 : 1, kLongest);
    if (!number) return words.refuse("'capture': " + number.error().text);
    const auto given = static_cast<std::size_t>(*number);
    CaptureSlots* const captures = words.catalogue().captures;
    if (by_id) {
        // In a backend the slot is the frontend's, whichever that is; one that does not exist stays empty.
        if (captures == nullptr)
            return std::make_shared<Capture>(response, std::move(*value), given, kLongest);
        const auto& slots = response ? captures->response : captures->request;
        if (given >= slots.size())
            return words.refuse("'capture': there is no slot " + std::to_string(given) +
                                "; 'declare capture' lines make them");
        return std::make_shared<Capture>(response, std::move(*value), given, slots[given].length);
    }
    if (captures == nullptr)
        return words.refuse("'capture ... len' makes a slot, which only a frontend has; use 'id' here");
    if (response) return words.refuse("'capture' of a response needs 'id <slot>'");
    captures->request.push_back({{}, given});
    return std::make_shared<Capture>(response, std::move(*value), captures->request.size() - 1, given);
}

constexpr std::array kRows{
    ActionRow{"capture", kInHttp | kInContent, parse_capture, "remember a sample for the log"},
};

}  // namespace

std::span<const ActionRow> capture_actions() {
    return kRows;
}

}  // namespace proxyd::rules
