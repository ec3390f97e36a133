#include "proxyd/config/check_words.h"

#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/address.h"

namespace proxyd::config {
namespace {

using upstream::CheckStatus;
using upstream::CheckStep;
using Kind = CheckStep::Kind;

std::shared_ptr<const rules::Expression> read_expression(Reading& in, const Statement& line,
                                                         const std::string& text) {
    auto expression = rules::Expression::parse(text, in.model.catalogue.get(), rules::kAtCheck);
    if (expression) return std::make_shared<const rules::Expression>(std::move(*expression));
    in.error(line, expression.error());
    return nullptr;
}

void read_port(Reading& in, CheckWords& words, CheckStep& step) {
    const std::string& text = words.next();
    if (const auto port = common::parse_number(text, 1, 65535); port)
        step.port = static_cast<int>(*port);
    else if (text.empty() || std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
        in.error(words.line,
                 "'" + words.line.name() + " port' expects a number from 1 to 65535, or a sample");
    else
        step.computed_port = read_expression(in, words.line, text);
}

struct ConnectWord {
    std::string_view name;
    void (*apply)(Reading& in, CheckWords& words, CheckStep& step);
};
constexpr ConnectWord kConnectWords[] = {
    // What the server line says of TLS, SNI and the PROXY header; else the step says all of it.
    {"default", [](Reading&, CheckWords&, CheckStep&) {}},
    {"comment", [](Reading&, CheckWords& words, CheckStep& step) { step.comment = words.next(); }},
    {"ssl", [](Reading&, CheckWords&, CheckStep& step) { step.tls = true; }},
    {"sni", [](Reading&, CheckWords& words, CheckStep& step) { step.sni = words.next(); }},
    {"alpn",
     [](Reading& in, CheckWords& words, CheckStep&) {
         in.no_effect(words.line, "'alpn " + words.next() + "'",
                      "checks speak HTTP/1 and offer no protocol to TLS servers");
     }},
    {"proto",
     [](Reading& in, CheckWords& words, CheckStep&) {
         if (const std::string& name = words.next(); name != "h1" && name != "none")
             in.error(words.line, "'proto " + name + "': checks speak HTTP/1 only");
     }},
    {"via-socks4", [](Reading&, CheckWords&, CheckStep& step) { step.via_socks = true; }},
    {"linger", [](Reading&, CheckWords&, CheckStep&) {}},  // every check with steps ends orderly
    {"port", read_port},
    {"addr",
     [](Reading& in, CheckWords& words, CheckStep& step) {
         const auto address = parse_peer_address(words.next(), 0);
         if (!address) return in.error(words.line, address.error());
         step.address = address->address;
         step.port = address->address.port();
     }},
    {"send-proxy", [](Reading&, CheckWords&, CheckStep& step) { step.send_proxy = true; }},
};

struct StatusName {
    std::string_view name;
    CheckStatus status;
};
constexpr StatusName kGood[] = {{"L7OK", CheckStatus::l7_ok},
                                {"L7OKC", CheckStatus::l7_conditional},
                                {"L6OK", CheckStatus::l6_ok},
                                {"L4OK", CheckStatus::l4_ok}};
constexpr StatusName kBad[] = {{"L7OKC", CheckStatus::l7_conditional},
                               {"L7RSP", CheckStatus::l7_invalid},
                               {"L7STS", CheckStatus::l7_wrong_status},
                               {"L6RSP", CheckStatus::l6_error},
                               {"L4CON", CheckStatus::l4_error}};
constexpr StatusName kLate[] = {{"L7TOUT", CheckStatus::l7_timeout},
                                {"L6TOUT", CheckStatus::l6_timeout},
                                {"L4TOUT", CheckStatus::l4_timeout}};

void read_status(Reading& in, const Statement& line, std::span<const StatusName> among, std::string_view name,
                 CheckStatus& into) {
    const StatusName* row = common::find_row(among, name);
    if (row == nullptr)
        return in.error(line, "'" + line.name() + "': '" + std::string(name) +
                                  "' is no status for this place" +
                                  common::did_you_mean(name, common::row_names(among)));
    into = row->status;
}

void read_info(Reading& in, const Statement& line, const std::string& text, rules::LogFormat& into) {
    if (auto format = read_check_format(in, line, text)) into = std::move(*format);
}

struct ExpectWord {
    std::string_view name;
    void (*apply)(Reading& in, const Statement& line, const std::string& value, CheckStep& step);
};
constexpr ExpectWord kExpectWords[] = {
    {"comment",
     [](Reading&, const Statement&, const std::string& value, CheckStep& step) { step.comment = value; }},
    {"min-recv",
     [](Reading& in, const Statement& line, const std::string& value, CheckStep& step) {
         const auto count = common::parse_number(value, -1, 1 << 30);
         if (!count) return in.error(line, "'" + line.name() + " min-recv' expects a number of bytes, or -1");
         step.min_receive = static_cast<int>(*count);
     }},
    {"ok-status", [](Reading& in, const Statement& line, const std::string& value,
                     CheckStep& step) { read_status(in, line, kGood, value, step.on_match); }},
    {"error-status", [](Reading& in, const Statement& line, const std::string& value,
                        CheckStep& step) { read_status(in, line, kBad, value, step.on_mismatch); }},
    {"tout-status", [](Reading& in, const Statement& line, const std::string& value,
                       CheckStep& step) { read_status(in, line, kLate, value, step.on_timeout); }},
    {"on-success", [](Reading& in, const Statement& line, const std::string& value,
                      CheckStep& step) { read_info(in, line, value, step.success_format); }},
    {"on-error", [](Reading& in, const Statement& line, const std::string& value,
                    CheckStep& step) { read_info(in, line, value, step.error_format); }},
    {"status-code", [](Reading& in, const Statement& line, const std::string& value,
                       CheckStep& step) { step.status_code = read_expression(in, line, value); }},
};

CheckSteps& own_steps(Reading& in, CheckSteps& steps, bool Preset::* inherited) {
    if (std::exchange(in.draft->preset.*inherited, false)) steps.clear();
    return steps;
}

}  // namespace

CheckSteps& tcp_check_steps(Reading& in) {
    return own_steps(in, in.proxy().upstream.tcp_check.steps, &Preset::checks_from_defaults);
}

CheckSteps& http_check_steps(Reading& in) {
    return own_steps(in, in.proxy().upstream.http_check.steps, &Preset::http_checks_from_defaults);
}

bool has_action(const CheckSteps& steps) {
    return std::ranges::any_of(steps, [](const CheckStep& step) {
        return step.kind != Kind::variable && step.kind != Kind::comment;
    });
}

bool read_connect_step(Reading& in, const Statement& line, CheckStep& step) {
    CheckWords words{line};
    const auto arguments = line.arguments();
    step.as_server = std::ranges::find(arguments, "default") != arguments.end();
    while (words.more()) {
        const std::string& name = words.next();
        const ConnectWord* word = common::find_row(std::span<const ConnectWord>(kConnectWords), name);
        if (word == nullptr) {
            in.error(line, "'" + line.name() + "': unknown word '" + name + "'" +
                               common::did_you_mean(
                                   name, common::row_names(std::span<const ConnectWord>(kConnectWords))));
            return false;
        }
        word->apply(in, words, step);
    }
    return true;
}

bool read_expect_options(Reading& in, CheckWords& words, CheckStep& step) {
    const ExpectWord* word = nullptr;
    while (words.more() && (word = common::find_row(std::span<const ExpectWord>(kExpectWords),
                                                    words.line.argument(words.at))) != nullptr) {
        ++words.at;
        if (!words.more()) {
            in.error(words.line,
                     "'" + words.line.name() + "': '" + std::string(word->name) + "' expects a value");
            return false;
        }
        word->apply(in, words.line, words.next(), step);
    }
    return true;
}

bool is_expect_option(std::string_view word) {
    return common::find_row(std::span<const ExpectWord>(kExpectWords), word) != nullptr;
}

std::string read_match_name(CheckWords& words, CheckStep& step) {
    std::string name = words.next();
    if (!name.starts_with('!')) return name;
    step.unwanted = true;
    name.erase(0, 1);
    return name.empty() ? words.next() : name;
}

std::optional<rules::LogFormat> read_check_format(Reading& in, const Statement& line,
                                                  const std::string& text) {
    auto format =
        rules::LogFormat::compile(text, rules::LogUse::text, in.model.catalogue.get(), rules::kAtCheck);
    if (format) return *format;
    in.error(line, format.error());
    return std::nullopt;
}

void add_check_variable(Reading& in, const Statement& line, VariableLine kind, CheckSteps& steps) {
    const std::string& word = line.words[line.first_argument - 1];
    rules::CallText call;
    if (!rules::split_call(word, call) || !call.rest.empty())
        return in.error(line, "'" + word + "' needs a variable's name in parentheses");
    auto target = rules::VariableTarget::parse(call.arguments, in.model.catalogue->variables);
    if (!target) return in.error(line, target.error());
    using rules::VariableScope;
    const VariableScope scope = target->name.scope;
    if (scope != VariableScope::check && scope != VariableScope::process && scope != VariableScope::session)
        return in.error(line, "'" + word + "': variables of checks have the scope check, sess or proc");
    auto variable = std::make_shared<upstream::CheckVariable>();
    variable->target = std::move(*target);
    if (kind == VariableLine::set) {
        const auto value = read_expression(in, line, line.argument(0));
        if (value == nullptr) return;
        variable->value = *value;
    } else if (kind == VariableLine::set_format) {
        auto format = read_check_format(in, line, line.argument(0));
        if (!format) return;
        variable->format = std::move(*format);
    }
    CheckStep step;
    step.kind = Kind::variable;
    step.variable = std::move(variable);
    steps.push_back(std::move(step));
}

void add_check_comment(const Statement& line, CheckSteps& steps) {
    CheckStep step;
    step.kind = Kind::comment;
    step.comment = line.argument(0);
    steps.push_back(std::move(step));
}

}  // namespace proxyd::config
