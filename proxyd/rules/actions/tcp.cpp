// Actions of tcp-request rules that are not those of HTTP rules (configuration manual 4.2, tcp-request
// connection, session, content): accept; and the changes of addresses, which HTTP rules share.
#include <array>

#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

class Accept final : public Action {
 public:
    bool run(Context&, Verdict& verdict) const override {
        verdict.kind = Verdict::Kind::allow;
        return false;
    }
};

ActionPtr parse_accept(ActionWords&) {
    return std::make_shared<Accept>();
}

class SwitchMode final : public Action {
 public:
    bool run(Context&, Verdict& verdict) const override {
        verdict.kind = Verdict::Kind::switch_http;
        return false;
    }
};

ActionPtr parse_switch_mode(ActionWords& words) {
    if ((words.places() & kAtFrontContent) == 0)
        return words.refuse("'switch-mode' is for sections that take connections: frontend and listen");
    if (!words.take_if("http")) return words.refuse("'switch-mode' needs the mode to go to: http");
    if (!words.take_if("proto")) return std::make_shared<SwitchMode>();
    const auto protocol = words.take("a protocol after 'proto'");
    if (!protocol) return nullptr;
    if (*protocol != "h1")
        return words.refuse("'switch-mode http proto " + std::string(*protocol) +
                            "': a connection can only go on as HTTP/1 (h1)");
    return std::make_shared<SwitchMode>();
}

using Address = common::Endpoint Context::*;

common::Result<common::Endpoint> with_port(const Sample& address, std::uint16_t port) {
    TextBuffer buffer;
    return common::Endpoint::from_ip(to_text(address, buffer), port);
}

class SetAddress final : public Action {
 public:
    SetAddress(Address target, Expression value) : target_(target), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        Sample sample;
        if (!value_.evaluate(context, sample) || !cast(sample, SampleType::address, context.arena))
            return true;
        common::Endpoint& endpoint = context.*target_;
        if (auto changed = with_port(sample, endpoint.is_ip() ? endpoint.port() : std::uint16_t{0}))
            endpoint = *changed;
        return true;
    }

 private:
    Address target_;
    Expression value_;
};

class SetPort final : public Action {
 public:
    SetPort(Address target, Expression value) : target_(target), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        Sample sample;
        if (!value_.evaluate(context, sample) || !cast(sample, SampleType::integer, context.arena))
            return true;
        common::Endpoint& endpoint = context.*target_;
        Sample address;
        if (sample.number < 0 || sample.number > 65535 || !address.set_address(endpoint)) return true;
        if (auto changed = with_port(address, static_cast<std::uint16_t>(sample.number))) endpoint = *changed;
        return true;
    }

 private:
    Address target_;
    Expression value_;
};

template <class Change, Address target>
ActionPtr parse_change(ActionWords& words) {
    auto value = words.take_expression("a sample expression");
    if (!value) return nullptr;
    return std::make_shared<Change>(target, std::move(*value));
}

constexpr unsigned kAll = kInTcp | kInRequest;

constexpr std::array kRows{
    ActionRow{"accept", kInTcp | kInTcpResponse, parse_accept, "end this rule set, let the connection pass"},
    ActionRow{"switch-mode", kInContent, parse_switch_mode, "the connection goes on as HTTP"},
    ActionRow{"set-src", kAll, parse_change<SetAddress, &Context::source>, "replace the client's address"},
    ActionRow{"set-src-port", kAll, parse_change<SetPort, &Context::source>, "replace the client's port"},
    ActionRow{"set-dst", kAll, parse_change<SetAddress, &Context::destination>,
              "replace the destination's address"},
    ActionRow{"set-dst-port", kAll, parse_change<SetPort, &Context::destination>,
              "replace the destination's port"},
};

}  // namespace

std::span<const ActionRow> tcp_actions() {
    return kRows;
}

}  // namespace proxyd::rules
