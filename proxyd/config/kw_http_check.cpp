// http-check: the steps of checks that are HTTP requests (configuration manual 4.2).
#include <algorithm>

#include "common/keyword_table.h"
#include "proxyd/config/check_words.h"
#include "proxyd/config/tables.h"
#include "proxyd/upstream/http_check.h"

namespace proxyd::config {
namespace {

using upstream::CheckStep;
using upstream::HttpAsk;
using upstream::HttpExpectation;
using upstream::TextPattern;
using Kind = CheckStep::Kind;
using Expect = HttpExpectation::Kind;

// Of the last step that does something; nothing: none.
std::optional<Kind> last_kind(const CheckSteps& steps) {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step)
        if (step->kind != Kind::variable && step->kind != Kind::comment) return step->kind;
    return std::nullopt;
}

// What must stand before it; the option's request stands before a first expectation.
void add_step(Reading& in, const Statement& line, CheckStep step) {
    CheckSteps& steps = http_check_steps(in);
    const std::optional<Kind> before = last_kind(steps);
    const auto missing = [&](std::string_view what) {
        in.error(line, "'" + line.name() + "' needs an 'http-check " + std::string(what) + "' before it");
    };
    if (step.kind == Kind::send && before && *before != Kind::connect) return missing("connect");
    if (step.kind == Kind::connect && before && *before != Kind::expect) return missing("expect");
    const auto connects = [](const CheckStep& each) { return each.kind == Kind::connect; };
    if (step.kind == Kind::connect && before && std::ranges::none_of(steps, connects))
        return in.error(line, "'http-check connect' must also be the first step when a later one connects");
    steps.push_back(std::move(step));
}

void add_connect(Reading& in, const Statement& line) {
    CheckStep step;
    if (read_connect_step(in, line, step)) add_step(in, line, std::move(step));
}

struct SendWord {
    std::string_view name;
    std::size_t arguments;
    bool (*apply)(Reading& in, CheckWords& words, HttpAsk& ask, std::string& comment);
};

template <std::string HttpAsk::* member>
bool take_text(Reading&, CheckWords& words, HttpAsk& ask, std::string&) {
    ask.*member = words.next();
    return true;
}
template <rules::LogFormat HttpAsk::* member>
bool take_format(Reading& in, CheckWords& words, HttpAsk& ask, std::string&) {
    auto format = read_check_format(in, words.line, words.next());
    if (format) ask.*member = std::move(*format);
    return format.has_value();
}
bool take_field(Reading& in, CheckWords& words, HttpAsk& ask, std::string&) {
    const std::string& name = words.next();
    auto format = read_check_format(in, words.line, words.next());
    if (format) ask.fields.emplace_back(name, std::move(*format));
    return format.has_value();
}
bool take_comment(Reading&, CheckWords& words, HttpAsk&, std::string& comment) {
    comment = words.next();
    return true;
}

constexpr SendWord kSendWords[] = {
    {"meth", 1, take_text<&HttpAsk::method>},
    {"uri", 1, take_text<&HttpAsk::uri>},
    {"ver", 1, take_text<&HttpAsk::version>},
    {"body", 1, take_text<&HttpAsk::body>},
    {"hdr", 2, take_field},
    {"uri-lf", 1, take_format<&HttpAsk::uri_format>},
    {"comment", 1, take_comment},
    {"body-lf", 1, take_format<&HttpAsk::body_format>},
};

void add_send(Reading& in, const Statement& line) {
    HttpAsk ask;
    CheckStep step;
    step.kind = Kind::send;
    for (CheckWords words{line}; words.more();) {
        const std::string& name = words.next();
        const SendWord* row = common::find_row(std::span<const SendWord>(kSendWords), name);
        if (row == nullptr)
            return in.error(line, "'http-check send': unknown word '" + name + "'" +
                                      common::did_you_mean(
                                          name, common::row_names(std::span<const SendWord>(kSendWords))));
        if (words.at + row->arguments > line.count())
            return in.error(line, "'http-check send': '" + name + "' expects a value");
        if (!row->apply(in, words, ask, step.comment)) return;
    }
    step.ask = std::make_shared<const HttpAsk>(std::move(ask));
    add_step(in, line, std::move(step));
}

struct Method {
    std::string_view name;
    TextPattern::How how;
};
constexpr Method kMethods[] = {{"str", TextPattern::How::exact},
                               {"beg", TextPattern::How::beginning},
                               {"end", TextPattern::How::end},
                               {"sub", TextPattern::How::part},
                               {"reg", TextPattern::How::regex}};

// "[-m <method>] <text>". False after a complaint.
bool read_text_pattern(Reading& in, CheckWords& words, bool format, TextPattern& into) {
    const Statement& line = words.line;
    if (words.take_if("-m")) {
        const std::string& name = words.next();
        const Method* method = common::find_row(std::span<const Method>(kMethods), name);
        if (method == nullptr)
            return in.error(line, "'http-check expect': unknown method '" + name + "'" +
                                      common::did_you_mean(
                                          name, common::row_names(std::span<const Method>(kMethods)))),
                   false;
        into.how = method->how;
    }
    if (!words.more()) return in.error(line, "'http-check expect' expects a header pattern"), false;
    into.text = words.next();
    if (into.how == TextPattern::How::regex) {
        if (format)
            return in.error(line, "'http-check expect': a log format is no regular expression"), false;
        auto regex = rules::Regex::compile(into.text, false);
        if (!regex) return in.error(line, regex.error()), false;
        into.regex = std::make_shared<const rules::Regex>(std::move(*regex));
    } else if (format) {
        auto compiled = read_check_format(in, line, into.text);
        if (!compiled) return false;
        into.format = std::move(*compiled);
    }
    return true;
}

std::shared_ptr<const HttpExpectation> read_header(Reading& in, CheckWords& words, bool whole) {
    const bool name_format = words.take_if("name-lf");
    if (!name_format && !words.take_if("name"))
        return in.error(words.line, "'http-check expect hdr' expects 'name' or 'name-lf' first"), nullptr;
    TextPattern name;
    if (!read_text_pattern(in, words, name_format, name)) return nullptr;
    std::optional<TextPattern> value;
    const bool value_format = words.take_if("value-lf");
    if (value_format || words.take_if("value")) {
        value.emplace();
        if (!read_text_pattern(in, words, value_format, *value)) return nullptr;
    }
    return std::make_shared<const HttpExpectation>(
        HttpExpectation::header(std::move(name), std::move(value), whole));
}

// Blanks that nobody escaped belong to the pattern, as in old versions.
template <Expect kind>
std::shared_ptr<const HttpExpectation> read_value(Reading& in, CheckWords& words) {
    if (!words.more()) return in.error(words.line, "'http-check expect' expects a pattern"), nullptr;
    std::string value = words.next();
    while (words.more() && !is_expect_option(words.line.argument(words.at))) value += " " + words.next();
    auto compiled = HttpExpectation::compile(kind, value);
    if (!compiled) return in.error(words.line, compiled.error()), nullptr;
    return std::make_shared<const HttpExpectation>(std::move(*compiled));
}

std::shared_ptr<const HttpExpectation> read_format(Reading& in, CheckWords& words) {
    if (!words.more()) return in.error(words.line, "'http-check expect string-lf' expects a format"), nullptr;
    auto format = read_check_format(in, words.line, words.next());
    if (!format) return nullptr;
    return std::make_shared<const HttpExpectation>(HttpExpectation::format(std::move(*format)));
}

template <bool whole>
std::shared_ptr<const HttpExpectation> read_header_match(Reading& in, CheckWords& words) {
    return read_header(in, words, whole);
}

struct Match {
    std::string_view name;
    std::shared_ptr<const HttpExpectation> (*read)(Reading& in, CheckWords& words);
};
constexpr Match kMatches[] = {
    {"status", read_value<Expect::status>},
    {"rstatus", read_value<Expect::rstatus>},
    {"string", read_value<Expect::string>},
    {"rstring", read_value<Expect::rstring>},
    {"string-lf", read_format},
    {"hdr", read_header_match<false>},
    {"fhdr", read_header_match<true>},
};

void add_expect(Reading& in, const Statement& line) {
    CheckStep step;
    step.kind = Kind::expect;
    step.match = CheckStep::Match::http;
    CheckWords words{line};
    if (!read_expect_options(in, words, step)) return;
    const std::string name = read_match_name(words, step);
    const Match* row = common::find_row(std::span<const Match>(kMatches), name);
    if (row == nullptr)
        return in.error(line,
                        "'http-check expect': '" + name +
                            "' is unknown (status, rstatus, string, rstring, string-lf, hdr or fhdr)" +
                            common::did_you_mean(name, common::row_names(std::span<const Match>(kMatches))));
    step.http = row->read(in, words);
    if (step.http == nullptr || !read_expect_options(in, words, step)) return;
    if (words.more())
        return in.error(line, "'http-check expect " + name + "': unexpected '" + words.next() + "'");
    add_step(in, line, std::move(step));
}

template <bool upstream::HttpCheckSettings::* member>
void set_flag(Reading& in, const Statement&) {
    in.proxy().upstream.http_check.*member = true;
}

template <VariableLine kind>
void add_variable(Reading& in, const Statement& line) {
    add_check_variable(in, line, kind, http_check_steps(in));
}
void add_comment(Reading& in, const Statement& line) {
    add_check_comment(line, http_check_steps(in));
}

constexpr Keyword kKeywords[] = {
    works("connect", kBackendSide, 0, -1, add_connect,
          "[default] [port <port>] [addr <address>] [ssl] [sni <name>] [send-proxy]",
          "opens a connection of the check"),
    works("send", kBackendSide, 1, -1, add_send,
          "[meth <m>] [uri|uri-lf <u>] [ver <v>] [hdr <n> <v>]... [body|body-lf <b>]", "a request"),
    works("expect", kBackendSide, 1, -1, add_expect,
          "[!] status|rstatus|string|rstring|string-lf|hdr|fhdr <pattern>", "which answers are good"),
    works("comment", kBackendSide, 1, 1, add_comment, "<text>", "a remark on the steps that follow"),
    works("disable-on-404", kBackendSide, 0, 0, set_flag<&upstream::HttpCheckSettings::disable_on_404>, "",
          "a server that answers 404 keeps its clients and gets no new ones"),
    works("send-state", kBackendSide, 0, 0, set_flag<&upstream::HttpCheckSettings::send_state>, "",
          "checks tell the server how it is seen"),
    called(works("set-var", kBackendSide, 1, 1, add_variable<VariableLine::set>, "(<name>) <expression>",
                 "keeps a sample in a variable")),
    called(works("set-var-fmt", kBackendSide, 1, 1, add_variable<VariableLine::set_format>,
                 "(<name>) <format>", "keeps a text in a variable")),
    called(works("unset-var", kBackendSide, 0, 0, add_variable<VariableLine::unset>, "(<name>)",
                 "forgets a variable")),
};

}  // namespace

std::span<const Keyword> http_check_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
