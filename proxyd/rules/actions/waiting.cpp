// Actions after which the rules go on later: do-resolve and pause (configuration manual 4.2).
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>

#include "common/text.h"
#include "proxyd/net/worker.h"
#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/name_service.h"

namespace proxyd::rules {
namespace {

// A literal needs nobody to be asked.
std::optional<common::Endpoint> literal(std::string_view name) {
    if (name.size() > 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
    const auto address = common::Endpoint::from_ip(name, 0);
    return address ? std::optional(*address) : std::nullopt;
}

class DoResolve final : public Action {
 public:
    DoResolve(VariableName variable, std::string resolvers, int family, Expression name)
        : variable_(std::move(variable)),
          resolvers_(std::move(resolvers)),
          family_(family),
          name_(std::move(name)) {}

    bool run(Context& context, Verdict& verdict) const override {
        Sample sample;
        if (!name_.evaluate(context, sample) || !cast(sample, SampleType::string, context.arena) ||
            sample.text.empty())
            return true;
        if (const auto address = literal(sample.text)) return keep(context, *address), true;
        if (context.names == nullptr || context.waiter == nullptr) return true;
        auto lookup = std::make_shared<NameLookup>(context.waiter);
        const auto known = context.names->ask({resolvers_, sample.text, family_}, answer_to(lookup));
        if (known) return keep(context, *known), true;
        context.lookup = std::move(lookup);
        context.suspended = this;
        verdict.kind = Verdict::Kind::wait;
        return false;
    }

    void resume(Context& context) const override {
        keep(context, context.lookup ? context.lookup->address : common::Endpoint());
        context.lookup.reset();
    }

 private:
    void keep(const Context& context, const common::Endpoint& address) const {
        Sample sample;
        if (sample.set_address(address))
            set_variable(context, variable_, sample);
        else
            unset_variable(context, variable_);
    }

    // Takes the answer to the worker that waits for it.
    static std::function<void(const common::Endpoint&)> answer_to(const std::shared_ptr<NameLookup>& lookup) {
        return [waiting = std::weak_ptr(lookup),
                worker = &lookup->waiter->worker()](const common::Endpoint& address) {
            worker->post([waiting, address] {
                const auto still = waiting.lock();
                if (still == nullptr) return;
                still->address = address;
                still->done = true;
                still->waiter->set(net::Waiter::kMail);
            });
        };
    }

    VariableName variable_;
    std::string resolvers_;
    int family_;
    Expression name_;
};

// do-resolve(<var>,<resolvers>[,ipv4|ipv6]) <expression>
ActionPtr parse_do_resolve(ActionWords& words) {
    const auto arguments = common::split(words.call(), ',');
    if (arguments.size() < 2 || arguments.size() > 3)
        return words.refuse("'do-resolve' expects (<var>,<resolvers>[,ipv4|ipv6])");
    auto variable = VariableName::parse(common::trim(arguments[0]), words.catalogue().variables);
    if (!variable) return words.refuse("'do-resolve': " + variable.error().text);
    const std::string_view family = arguments.size() == 3 ? common::trim(arguments[2]) : "ipv6";
    if (family != "ipv4" && family != "ipv6")
        return words.refuse("'do-resolve': the preference is 'ipv4' or 'ipv6', not '" + std::string(family) +
                            "'");
    auto name = words.take_expression("an expression that gives a name");
    if (!name) return nullptr;
    std::string resolvers(common::trim(arguments[1]));
    words.catalogue().resolvers.push_back({words.where(), resolvers});
    return std::make_shared<DoResolve>(std::move(*variable), std::move(resolvers),
                                       family == "ipv4" ? AF_INET : AF_INET6, std::move(*name));
}

class Pause final : public Action {
 public:
    explicit Pause(common::Duration fixed) : fixed_(fixed) {}
    explicit Pause(Expression value) : value_(std::move(value)) {}

    bool run(Context& context, Verdict& verdict) const override {
        common::Duration time = fixed_;
        Sample sample;
        if (value_ && value_->evaluate(context, sample) && cast(sample, SampleType::integer, context.arena))
            time = std::chrono::milliseconds(std::clamp<std::int64_t>(sample.number, 0, kLongest));
        if (time.count() <= 0) return true;
        verdict.kind = Verdict::Kind::wait;
        verdict.pause = time;
        return false;
    }

 private:
    static constexpr std::int64_t kLongest = 0x7fffffff;  // ms, as HAProxy's timers go
    common::Duration fixed_{0};
    std::optional<Expression> value_;
};

// pause <time>|<expression in milliseconds>
ActionPtr parse_pause(ActionWords& words) {
    const std::string_view text = words.peek();
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        const auto time = common::parse_duration(text);
        if (!time) return words.refuse("'pause': " + time.error().text);
        (void)words.take("a time");
        return std::make_shared<Pause>(*time);
    }
    auto value = words.take_expression("a time or an expression");
    if (!value) return nullptr;
    return std::make_shared<Pause>(std::move(*value));
}

constexpr std::array kRows{
    ActionRow{"do-resolve", kInRequest | kInContent, parse_do_resolve,
              "ask name servers, keep the address in a variable", true},
    ActionRow{"pause", kInRequest | kInResponse, parse_pause, "the rules go on after that time"},
};

}  // namespace

std::span<const ActionRow> waiting_actions() {
    return kRows;
}

}  // namespace proxyd::rules
