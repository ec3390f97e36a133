#include "proxyd/upstream/http_check.h"

#include <algorithm>

#include "common/text.h"
#include "proxyd/http/body.h"
#include "proxyd/http/h1_parser.h"

namespace proxyd::upstream {

namespace {

using Kind = HttpExpectation::Kind;

std::string rendered(const rules::LogFormat& format, const rules::Context& context) {
    std::string text;
    format.render(context, text);
    return text;
}

}  // namespace

std::string HttpAsk::render(const rules::Context& context, std::string_view state) const {
    std::string text =
        method + " " + (uri_format.empty() ? uri : rendered(uri_format, context)) + " " + version + "\r\n";
    bool has_connection = false;
    for (const auto& [name, value] : fields) {
        const std::string lower = common::to_lower(name);
        if (lower == "content-length" || lower == "transfer-encoding") continue;
        has_connection |= lower == "connection";
        text += lower + ": " + rendered(value, context) + "\r\n";
    }
    if (tells_state) text += "x-haproxy-server-state: " + std::string(state) + "\r\n";
    const std::string content = body_format.empty() ? body : rendered(body_format, context);
    if (!content.empty()) text += "content-length: " + std::to_string(content.size()) + "\r\n";
    if (!has_connection && version != "HTTP/1.0") text += "connection: close\r\n";
    return text + "\r\n" + content;
}

HttpAnswer::State HttpAnswer::read(std::string_view received, bool complete, http::Method asked) {
    http::H1Parser parser;
    http::ParseOptions options;
    options.accept_invalid = true;
    message.arena = &arena_;
    for (;;) {
        parser.start_response(options, asked);
        const http::ParseResult head = parser.parse(received, message);
        if (head.status == http::ParseStatus::error) return State::broken;
        if (head.status == http::ParseStatus::need_more) return complete ? State::broken : State::partial;
        received.remove_prefix(head.consumed);
        if (message.status >= 200 || message.status == 101) break;
    }
    body.clear();
    http::BodyRelay relay;
    relay.start(message, http::Framing::until_close);
    const http::BodyProgress progress = relay.decode(received, [this](std::string_view run) { body += run; });
    error = progress.error;
    if (progress.status == http::BodyStatus::error) return State::broken;
    body_complete = complete || progress.status == http::BodyStatus::done;
    return State::read;
}

bool TextPattern::matches(std::string_view subject, bool ignore_case, const rules::Context& context) const {
    if (how == How::regex) return regex->search(subject);
    std::string wanted = format.empty() ? text : rendered(format, context);
    std::string lower;
    if (ignore_case) {
        wanted = common::to_lower(wanted);
        lower = common::to_lower(subject);
        subject = lower;
    }
    switch (how) {
        case How::beginning:
            return subject.starts_with(wanted);
        case How::end:
            return subject.ends_with(wanted);
        case How::part:
            return subject.contains(wanted);
        default:
            return subject == wanted;
    }
}

common::Result<HttpExpectation> HttpExpectation::compile(Kind kind, const std::string& value) {
    HttpExpectation out;
    out.kind_ = kind;
    out.text_ = value;
    if (kind == Kind::status) {
        for (const std::string_view part : common::split(value, ',')) {
            const std::size_t dash = part.find('-');
            const auto low = common::parse_number(common::trim(part.substr(0, dash)), 0, 999);
            const auto high = dash == std::string_view::npos
                                  ? low
                                  : common::parse_number(common::trim(part.substr(dash + 1)), 0, 999);
            if (!low || !high || *low > *high)
                return common::fail("expects codes and ranges such as 200-399,404, not '" + value + "'",
                                    common::Side::config);
            out.statuses_.push_back({static_cast<int>(*low), static_cast<int>(*high)});
        }
    }
    if (kind == Kind::rstatus || kind == Kind::rstring) {
        auto regex = rules::Regex::compile(value, false);
        if (!regex) return std::unexpected(regex.error());
        out.regex_ = std::make_shared<const rules::Regex>(std::move(*regex));
    }
    return out;
}

HttpExpectation HttpExpectation::format(rules::LogFormat text) {
    HttpExpectation out;
    out.kind_ = Kind::string;
    out.format_ = std::move(text);
    return out;
}

HttpExpectation HttpExpectation::header(TextPattern name, std::optional<TextPattern> value, bool whole) {
    HttpExpectation out;
    out.kind_ = whole ? Kind::whole_header : Kind::header;
    out.name_ = std::move(name);
    out.value_ = std::move(value);
    return out;
}

bool HttpExpectation::has_header(const http::Message& message, const rules::Context& context) const {
    return std::ranges::any_of(message.fields.all(), [&](const http::Field& field) {
        if (!name_.matches(field.name, true, context)) return false;
        if (!value_) return true;
        if (kind_ == Kind::whole_header) return value_->matches(field.value, false, context);
        const auto parts = common::split(field.value, ',');
        return std::ranges::any_of(parts, [&](std::string_view part) {
            return value_->matches(common::trim(part), false, context);
        });
    });
}

std::optional<bool> HttpExpectation::matches(const HttpAnswer& answer, const rules::Context& context) const {
    const int status = answer.message.status;
    switch (kind_) {
        case Kind::status:
            return std::ranges::any_of(statuses_, [status](const StatusRange& range) {
                return range.low <= status && status <= range.high;
            });
        case Kind::rstatus:
            return regex_->search(std::to_string(status));
        case Kind::header:
        case Kind::whole_header:
            return has_header(answer.message, context);
        case Kind::rstring:
            if (regex_->search(answer.body)) return true;
            break;
        case Kind::string:
            if (answer.body.contains(format_.empty() ? text_ : rendered(format_, context))) return true;
            break;
    }
    return answer.body_complete ? std::optional(false) : std::nullopt;
}

namespace {

bool acts(const CheckStep& step) {
    return step.kind != CheckStep::Kind::variable && step.kind != CheckStep::Kind::comment;
}

CheckStep ask_step(HttpAsk ask) {
    CheckStep step;
    step.kind = CheckStep::Kind::send;
    step.ask = std::make_shared<const HttpAsk>(std::move(ask));
    return step;
}

// Of what a line does not say, `other` decides.
HttpAsk merged(HttpAsk ask, const HttpAsk& other) {
    if (ask.method.empty()) ask.method = other.method;
    if (ask.uri.empty() && ask.uri_format.empty()) ask.uri = other.uri;
    if (ask.version.empty()) ask.version = other.version;
    if (ask.fields.empty()) ask.fields = other.fields;
    return ask;
}

}  // namespace

CheckSequence http_sequence(const HttpCheckSettings& settings) {
    CheckSequence out{settings.steps, false, settings.disable_on_404};
    std::vector<CheckStep>& steps = out.steps;
    auto first = std::ranges::find_if(steps, acts);
    if (first == steps.end() || first->kind != CheckStep::Kind::connect) {
        CheckStep connect;
        connect.implicit = true;
        steps.insert(steps.begin(), connect);
        first = steps.begin();
    }
    const HttpAsk standard{"OPTIONS", "/", "HTTP/1.0", {}, {}, {}, {}, false};
    HttpAsk option{settings.method, settings.uri, settings.version, {}, {}, {}, {}, false};
    for (const auto& [name, value] : settings.headers)
        if (auto format = rules::LogFormat::compile(value, rules::LogUse::header))
            option.fields.emplace_back(name, std::move(*format));
    const auto second = std::find_if(first + 1, steps.end(), acts);
    if (second == steps.end() || second->kind != CheckStep::Kind::send)
        steps.insert(first + 1, ask_step(option));
    else
        second->ask = std::make_shared<const HttpAsk>(merged(*second->ask, option));
    for (CheckStep& step : steps) {
        if (step.kind != CheckStep::Kind::send) continue;
        HttpAsk ask = merged(*step.ask, standard);
        ask.tells_state = settings.send_state;
        step.ask = std::make_shared<const HttpAsk>(std::move(ask));
    }
    const auto last = std::find_if(steps.rbegin(), steps.rend(), acts);
    if (last->kind != CheckStep::Kind::expect) {
        CheckStep expect;
        expect.kind = CheckStep::Kind::expect;
        expect.match = CheckStep::Match::http;
        expect.http =
            std::make_shared<const HttpExpectation>(*HttpExpectation::compile(Kind::status, "200-399"));
        steps.push_back(std::move(expect));
    }
    return out;
}

}  // namespace proxyd::upstream
