// Actions on the client's connection and the exchange's timeouts: set-mark, set-tos, set-timeout,
// expect-proxy, and wait-for-body (configuration manual 4.2).
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <optional>

#include "common/text.h"
#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

void mark_client(Context& context, int mark) {
    if (context.client_fd >= 0)
        (void)::setsockopt(context.client_fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
}

void set_client_tos(Context& context, int tos) {
    if (context.client_fd < 0) return;
    const bool v4 = context.source.family() == AF_INET;
    (void)::setsockopt(context.client_fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &tos,
                       sizeof tos);
}

// The connector does it; until then a connection that other requests use is no choice.
void mark_server(Context& context, int mark) {
    context.server_mark = mark;
}

void set_server_tos(Context& context, int tos) {
    context.server_tos = tos;
}

using Set = void (*)(Context&, int);

// A number that concerns the packets of a connection.
class SetPacketNumber final : public Action {
 public:
    SetPacketNumber(Set set, std::int64_t high, std::int64_t fixed) : set_(set), high_(high), fixed_(fixed) {}
    SetPacketNumber(Set set, std::int64_t high, Expression value)
        : set_(set), high_(high), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        Sample sample;
        sample.set_int(fixed_);
        if (value_ &&
            (!value_->evaluate(context, sample) || !cast(sample, SampleType::integer, context.arena)))
            return true;
        if (sample.number >= 0 && sample.number <= high_) set_(context, static_cast<int>(sample.number));
        return true;
    }

 private:
    Set set_;
    std::int64_t high_;
    std::int64_t fixed_ = 0;
    std::optional<Expression> value_;
};

bool begins_with_digit(std::string_view text) {
    return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

// A number, 0x... for a hexadecimal one; with `computed` also an expression that gives one.
template <Set set, std::int64_t high, bool computed>
ActionPtr parse_packet_number(ActionWords& words) {
    if (computed && !words.at_end() && !begins_with_digit(words.peek())) {
        auto value = words.take_expression("a number or an expression");
        if (!value) return nullptr;
        return std::make_shared<SetPacketNumber>(set, high, std::move(*value));
    }
    const auto word = words.take("a number");
    if (!word) return nullptr;
    std::int64_t value = -1;
    if (word->starts_with("0x")) {
        std::uint64_t bits = 0;
        const auto [end, error] = std::from_chars(word->data() + 2, word->data() + word->size(), bits, 16);
        if (error == std::errc() && end == word->data() + word->size())
            value = static_cast<std::int64_t>(bits);
    } else if (const auto number = common::parse_number(*word, 0, high)) {
        value = *number;
    }
    if (value < 0 || value > high)
        return words.refuse("'" + std::string(words.name()) + "' expects a number up to " +
                            std::to_string(high) + ", not '" + std::string(*word) + "'");
    return std::make_shared<SetPacketNumber>(set, high, value);
}

using Timeout = common::Duration Context::*;

class SetTimeout final : public Action {
 public:
    SetTimeout(Timeout which, common::Duration fixed) : which_(which), fixed_(fixed) {}
    SetTimeout(Timeout which, Expression value) : which_(which), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        if (!value_) {
            context.*which_ = fixed_;
            return true;
        }
        Sample sample;
        if (value_->evaluate(context, sample) && cast(sample, SampleType::integer, context.arena) &&
            sample.number > 0)
            context.*which_ = std::chrono::milliseconds(sample.number);
        return true;
    }

 private:
    Timeout which_;
    common::Duration fixed_{0};
    std::optional<Expression> value_;
};

// set-timeout server|tunnel <time>|<expression in milliseconds>
ActionPtr parse_set_timeout(ActionWords& words) {
    if ((words.catalogue().sides & kBackPlaces) == 0)
        return words.refuse("'set-timeout' needs a backend: the section is none");
    Timeout which = nullptr;
    if (words.take_if("server"))
        which = &Context::own_server_timeout;
    else if (words.take_if("tunnel"))
        which = &Context::own_tunnel_timeout;
    else
        return words.refuse("'set-timeout' expects 'server' or 'tunnel'");
    const std::string_view text = words.peek();
    if (begins_with_digit(text)) {
        const auto time = common::parse_duration(text);
        if (!time) return words.refuse("'set-timeout': " + time.error().text);
        if (time->count() == 0) return words.refuse("'set-timeout': the time cannot be 0");
        (void)words.take("a time");
        return std::make_shared<SetTimeout>(which, *time);
    }
    auto value = words.take_expression("a time or an expression");
    if (!value) return nullptr;
    return std::make_shared<SetTimeout>(which, std::move(*value));
}

template <bool Context::* expected>
class Expect final : public Action {
 public:
    bool run(Context& context, Verdict&) const override {
        context.*expected = true;
        return true;
    }
};

template <bool Context::* expected>
ActionPtr parse_expect(ActionWords& words) {
    if (!words.take_if("layer4")) return words.refuse("'" + std::string(words.name()) + "' expects 'layer4'");
    return std::make_shared<Expect<expected>>();
}

// The session waits and goes on behind this rule.
class WaitForBody final : public Action {
 public:
    explicit WaitForBody(BodyWait wait) : wait_(wait) {}
    bool run(Context&, Verdict& verdict) const override {
        verdict.kind = Verdict::Kind::wait_body;
        verdict.wait = &wait_;
        return false;
    }

 private:
    BodyWait wait_;
};

// wait-for-body time <time> [at-least <bytes>]
ActionPtr parse_wait_for_body(ActionWords& words) {
    if (!words.take_if("time")) return words.refuse("'wait-for-body' expects 'time <time>'");
    const auto word = words.take("a time");
    if (!word) return nullptr;
    const auto time = common::parse_duration(*word);
    if (!time) return words.refuse("'wait-for-body': " + time.error().text);
    std::int64_t at_least = 0;
    if (words.take_if("at-least")) {
        const auto count = words.take("a number of bytes");
        if (!count) return nullptr;
        const auto number = common::parse_number(*count, 0, 1'000'000'000);
        if (!number) return words.refuse("'wait-for-body': " + number.error().text);
        at_least = *number;
    }
    return std::make_shared<WaitForBody>(BodyWait{true, *time, static_cast<std::uint64_t>(at_least)});
}

constexpr unsigned kAll = kEverywhere & ~kInAfter;

constexpr std::int64_t kAnyMark = 0xffffffff, kAnyTos = 255;
constexpr unsigned kToServer = kInRequest | kInContent;

constexpr std::array kRows{
    ActionRow{"set-mark", kAll, parse_packet_number<mark_client, kAnyMark, false>,
              "netfilter mark of the client's packets"},
    ActionRow{"set-fc-mark", kAll, parse_packet_number<mark_client, kAnyMark, true>,
              "netfilter mark of the client's packets"},
    ActionRow{"set-bc-mark", kToServer, parse_packet_number<mark_server, kAnyMark, true>,
              "netfilter mark of the packets to the server"},
    ActionRow{"set-tos", kAll, parse_packet_number<set_client_tos, kAnyTos, false>,
              "TOS or DSCP of the client's packets"},
    ActionRow{"set-fc-tos", kAll, parse_packet_number<set_client_tos, kAnyTos, true>,
              "TOS or DSCP of the client's packets"},
    ActionRow{"set-bc-tos", kToServer, parse_packet_number<set_server_tos, kAnyTos, true>,
              "TOS or DSCP of the packets to the server"},
    ActionRow{"set-timeout", kInRequest, parse_set_timeout, "timeout server or tunnel of this exchange"},
    ActionRow{"expect-netscaler-cip", kInConnection, parse_expect<&Context::expect_netscaler>,
              "a NetScaler header must come first"},
    ActionRow{"expect-proxy", kInConnection, parse_expect<&Context::expect_proxy>,
              "a PROXY header must come first"},
    ActionRow{"wait-for-body", kInRequest | kInResponse, parse_wait_for_body,
              "the rules go on with the body"},
};

}  // namespace

std::span<const ActionRow> connection_actions() {
    return kRows;
}

}  // namespace proxyd::rules
