// Persistence (configuration manual 4.2, 11.1): cookie, use-server, ignore-persist, stick.
#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/rule_order.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using session::CookieSettings;
using Mode = CookieSettings::Mode;

struct CookieWord {
    std::string_view name;
    bool takes_value;
    bool (*apply)(CookieSettings& cookie, const std::string& value);  // false: a bad value; null: a mode
    Mode mode = Mode::passive;
};

template <common::Duration CookieSettings::* member>
bool read_age(CookieSettings& cookie, const std::string& text) {
    const auto age = common::parse_duration(text, common::TimeUnit::s);
    if (age) cookie.*member = *age;
    return age && age->count() > 0;
}
constexpr CookieWord kCookieWords[] = {
    {"attr", true, [](CookieSettings& c, const std::string& v) { return c.attributes.push_back(v), true; }},
    {"domain", true, [](CookieSettings& c, const std::string& v) { return c.domains.push_back(v), true; }},
    {"dynamic", false, [](CookieSettings& c, const std::string&) { return c.dynamic = true, true; }},
    {"httponly", false, [](CookieSettings& c, const std::string&) { return c.httponly = true, true; }},
    {"indirect", false, [](CookieSettings& c, const std::string&) { return c.indirect = true, true; }},
    {"insert", false, nullptr, Mode::insert},
    {"maxidle", true, read_age<&CookieSettings::maxidle>},
    {"maxlife", true, read_age<&CookieSettings::maxlife>},
    {"nocache", false, [](CookieSettings& c, const std::string&) { return c.nocache = true, true; }},
    {"postonly", false, [](CookieSettings& c, const std::string&) { return c.postonly = true, true; }},
    {"prefix", false, nullptr, Mode::prefix},
    {"preserve", false, [](CookieSettings& c, const std::string&) { return c.preserve = true, true; }},
    {"rewrite", false, nullptr, Mode::rewrite},
    {"secure", false, [](CookieSettings& c, const std::string&) { return c.secure = true, true; }},
};

void set_cookie(Reading& in, const Statement& line) {
    CookieSettings cookie;
    if (line.no || line.reset) {
        in.proxy().cookie = cookie;
        return;
    }
    cookie.name = line.argument(0);
    const auto words = line.arguments();
    for (std::size_t i = 1; i < words.size(); ++i) {
        const CookieWord* row = common::find_row(std::span<const CookieWord>(kCookieWords), words[i]);
        if (row == nullptr)
            return in.error(
                line, "'cookie': unknown word '" + words[i] + "'" +
                          common::did_you_mean(words[i],
                                               common::row_names(std::span<const CookieWord>(kCookieWords))));
        if (row->takes_value && i + 1 == words.size())
            return in.error(line, "'cookie': '" + words[i] + "' needs a value after it");
        if (row->takes_value) ++i;
        if (row->apply == nullptr && cookie.mode != Mode::passive && cookie.mode != row->mode)
            return in.error(line, "'cookie': of 'rewrite', 'insert' and 'prefix' only one is possible");
        if (row->apply == nullptr) cookie.mode = row->mode;
        if (row->apply != nullptr && !row->apply(cookie, words[i]))
            return in.error(line,
                            "'cookie': '" + words[i] + "' is no time for '" + std::string(row->name) + "'");
    }
    if (cookie.mode == Mode::prefix && cookie.indirect)
        return in.error(line, "'cookie': 'prefix' and 'indirect' do not go together");
    const bool dated = cookie.maxidle.count() > 0 || cookie.maxlife.count() > 0;
    if (dated && cookie.mode == Mode::prefix)
        return in.error(line, "'cookie': 'maxidle' and 'maxlife' do not go with 'prefix'");
    in.proxy().cookie = std::move(cookie);
}

void add_use_server(Reading& in, const Statement& line) {
    note_rule(in, line, RuleKind::use_server);
    session::UseServer rule;
    rule.where = line.where;
    rule.name = line.argument(0);
    if (!rules::compile_condition(line.arguments().subspan(1), in.proxy().acls, line.where, in.out,
                                  rule.condition, rules::kAtServerChoice))
        return;
    if (rule.name.contains('%')) {
        const auto format = rules::LogFormat::compile(rule.name, rules::LogUse::text,
                                                      in.model.catalogue.get(), rules::kAtServerChoice);
        if (!format) return in.error(line, format.error());
        rule.name_format = *format;
    }
    in.proxy().use_servers.push_back(std::move(rule));
}

template <bool force>
void add_persist_rule(Reading& in, const Statement& line) {
    rules::Condition condition;
    if (rules::compile_condition(line.arguments(), in.proxy().acls, line.where, in.out, condition,
                                 rules::kAtBackContent))
        in.proxy().persist_rules.push_back({force, std::move(condition)});
}

void set_cookie_key(Reading& in, const Statement& line) {
    in.proxy().dynamic_cookie_key = line.argument(0);
}

// persist rdp-cookie[(name)]
void set_persist(Reading& in, const Statement& line) {
    rules::CallText call;
    const bool rdp =
        rules::split_call(line.argument(0), call) && call.name == "rdp-cookie" && call.rest.empty();
    if (!rdp) return in.error(line, "'persist' expects rdp-cookie or rdp-cookie(<name>)");
    const std::string name = call.has_arguments ? std::string(call.arguments) : "msts";
    auto cookie = rules::Expression::parse("req.rdp_cookie(" + name + ")", in.model.catalogue.get());
    if (!cookie) return in.error(line, cookie.error());
    in.proxy().rdp_cookie = std::make_shared<const rules::Expression>(std::move(*cookie));
}

void set_name_header(Reading& in, const Statement& line) {
    const bool named = line.count() > 0 && !line.no && !line.reset;
    in.proxy().name_header = named ? line.argument(0) : std::string();
}

void set_keep_alive_queue(Reading& in, const Statement& line) {
    read_number(in, line, 0, 0, 1'000'000'000, in.proxy().max_keep_alive_queue);
}

template <bool match, bool request, bool response>
void add_stick(Reading& in, const Statement& line) {
    session::StickRule rule{line.where, match, request, response, {}, {}, -1, {}};
    constexpr rules::Places kPlaces = response ? rules::kAtStickStore : rules::kAtServerChoice;
    auto key = rules::Expression::parse(line.argument(0), in.model.catalogue.get(), kPlaces);
    if (!key) return in.error(line, key.error());
    rule.key = std::make_shared<const rules::Expression>(std::move(*key));
    std::size_t used = 1;
    if (line.count() > 2 && line.argument(1) == "table") {
        rule.table_name = line.argument(2);
        used = 3;
    }
    if (rules::compile_condition(line.arguments().subspan(used), in.proxy().acls, line.where, in.out,
                                 rule.condition, kPlaces))
        in.proxy().stick_rules.push_back(std::move(rule));
}

constexpr Keyword kKeywords[] = {
    works("cookie", kBackendSide, 1, -1, set_cookie,
          "<name> insert|rewrite|prefix [indirect] [nocache] [postonly] [preserve] [httponly] [secure] ...",
          "keeps a client at its server", kNo),
    works("ignore-persist", kBackend | kListen, 2, -1, add_persist_rule<false>, "if|unless <condition>",
          "requests whose cookie does not count"),
    works("use-server", kBackend | kListen, 1, -1, add_use_server, "<server> [if|unless <condition>]",
          "the server of matching requests"),
    works("dynamic-cookie-key", kBackendSide, 1, 1, set_cookie_key, "<text>",
          "the secret that 'cookie ... dynamic' makes values with"),
    works("force-persist", kBackend | kListen, 2, -1, add_persist_rule<true>, "if|unless <condition>",
          "requests whose cookie counts even for servers that are down"),
    works("http-send-name-header", kBackendSide, 1, 1, set_name_header, "<name>",
          "a header that tells each server its name", kNo),
    works("max-keep-alive-queue", kBackendSide, 1, 1, set_keep_alive_queue, "<number>",
          "requests that may wait for the server of a client's own connection"),
    works("persist", kBackendSide, 1, 1, set_persist, "rdp-cookie",
          "a client goes to the server that its RDP cookie names; rdp-cookie(<name>) for another than msts"),
    inert("appsession", kBackend | kListen, "removed from HAProxy; stick tables replace it"),
    inert("force-be-switch", kFrontend | kListen, "backends that are disabled take no requests at all"),
    inert("stick-table", kPeers, "tables belong to proxies here"),
};

constexpr Keyword stick(std::string_view name, Handler handler, std::string_view help) {
    return works(name, kBackend | kListen, 1, -1, handler,
                 "<expression> [table <section>] [if|unless <condition>]", help);
}
constexpr Keyword kStick[] = {
    stick("match", add_stick<true, false, false>, "a client goes to the server that the table knows"),
    stick("on", add_stick<true, true, false>, "match and store-request"),
    stick("store-request", add_stick<false, true, false>, "the table learns the server of a request"),
    stick("store-response", add_stick<false, false, true>, "the table learns the server of an answer"),
};

}  // namespace

std::span<const Keyword> persistence_keywords() {
    return kKeywords;
}
std::span<const Keyword> stick_keywords() {
    return kStick;
}

}  // namespace proxyd::config
