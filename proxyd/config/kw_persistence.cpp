// Persistence (configuration manual 4.2, 11.1): cookie, use-server, ignore-persist, stick.
#include "common/keyword_table.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using session::CookieSettings;
using Mode = CookieSettings::Mode;

constexpr std::string_view kBalanced = "not supported yet; requests are balanced";

struct CookieWord {
    std::string_view name;
    bool takes_value;
    void (*apply)(CookieSettings& cookie, const std::string& value);
    std::string_view no_effect = {};  // why
};
constexpr CookieWord kCookieWords[] = {
    {"attr", true, [](CookieSettings& c, const std::string& v) { c.attributes.push_back(v); }},
    {"domain", true, [](CookieSettings& c, const std::string& v) { c.domains.push_back(v); }},
    {"dynamic", false, nullptr, "a server's cookie is what its line says"},
    {"httponly", false, [](CookieSettings& c, const std::string&) { c.httponly = true; }},
    {"indirect", false, [](CookieSettings& c, const std::string&) { c.indirect = true; }},
    {"insert", false, [](CookieSettings& c, const std::string&) { c.mode = Mode::insert; }},
    {"maxidle", true, nullptr, "cookies carry no dates yet"},
    {"maxlife", true, nullptr, "cookies carry no dates yet"},
    {"nocache", false, [](CookieSettings& c, const std::string&) { c.nocache = true; }},
    {"postonly", false, [](CookieSettings& c, const std::string&) { c.postonly = true; }},
    {"prefix", false, [](CookieSettings& c, const std::string&) { c.mode = Mode::prefix; }},
    {"preserve", false, [](CookieSettings& c, const std::string&) { c.preserve = true; }},
    {"rewrite", false, [](CookieSettings& c, const std::string&) { c.mode = Mode::rewrite; }},
    {"secure", false, [](CookieSettings& c, const std::string&) { c.secure = true; }},
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
        if (row->apply == nullptr) in.no_effect(line, "'" + words[i] + "' of 'cookie'", row->no_effect);
        if (row->takes_value) ++i;
        if (row->apply != nullptr) row->apply(cookie, words[i]);
    }
    if (cookie.mode == Mode::prefix && cookie.indirect)
        return in.error(line, "'cookie': 'prefix' and 'indirect' do not go together");
    in.proxy().cookie = std::move(cookie);
}

void add_use_server(Reading& in, const Statement& line) {
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

void add_ignore_persist(Reading& in, const Statement& line) {
    rules::Condition condition;
    if (rules::compile_condition(line.arguments(), in.proxy().acls, line.where, in.out, condition,
                                 rules::kAtBackContent))
        in.proxy().ignore_persist.push_back(std::move(condition));
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
    works("ignore-persist", kBackend | kListen, 2, -1, add_ignore_persist, "if|unless <condition>",
          "requests whose cookie does not count"),
    works("use-server", kBackend | kListen, 1, -1, add_use_server, "<server> [if|unless <condition>]",
          "the server of matching requests"),
    inert("dynamic-cookie-key", kBackendSide, "a server's cookie is what its line says"),
    inert("appsession", kBackend | kListen, "removed from HAProxy; stick tables replace it"),
    inert("force-persist", kBackend | kListen, kBalanced),
    inert("force-be-switch", kFrontend | kListen, kNotYet),
    inert("persist", kBackendSide, kBalanced),
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
