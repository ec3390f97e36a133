#include "proxyd/session/persistence.h"

#include <endian.h>

#include <algorithm>
#include <chrono>

#include "common/text.h"
#include "proxyd/session/cookie_value.h"
#include "proxyd/session/stickiness.h"

namespace proxyd::session {

namespace {

using Mode = CookieSettings::Mode;

// The value that clients get for a server; empty: none.
std::string_view cookie_of(const Exchange& exchange, const upstream::ServerSettings& settings,
                           const state::ServerState& server) {
    const ProxySettings& backend = *exchange.backend;
    if (!settings.cookie.empty()) return settings.cookie;
    const state::ProxyState& proxy = *exchange.context.backend;
    if (proxy.has_dynamic_cookie.load(std::memory_order_relaxed)) {
        const state::DynamicCookie now = proxy.dynamic_cookie();
        return now.on ? exchange.context.arena->copy(dynamic_cookie(now.key, server.address())) : "";
    }
    if (!backend.cookie.dynamic) return {};
    return exchange.context.arena->copy(dynamic_cookie(backend.dynamic_cookie_key, server.address()));
}

std::size_t server_of_cookie(const Exchange& exchange, std::string_view value) {
    const auto& servers = exchange.backend->upstream.servers;
    const auto& states = exchange.context.backend->servers;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const std::string_view own = cookie_of(exchange, servers[i], *states[i]);
        if (!own.empty() && own == value) return i;
    }
    return balance::kNone;
}

// One name=value of a Cookie line and where it stands.
struct Pair {
    std::size_t begin = 0, end = 0;  // without blanks and the semicolon around it
    std::string_view name, value;
};

bool next_pair(std::string_view line, std::size_t& at, Pair& out) {
    while (at < line.size()) {
        const std::size_t end = std::min(line.find(';', at), line.size());
        const std::string_view text = common::trim(line.substr(at, end - at));
        at = end + 1;
        if (text.empty()) continue;
        const auto equals = std::min(text.find('='), text.size());
        out.begin = static_cast<std::size_t>(text.data() - line.data());
        out.end = out.begin + text.size();
        out.name = common::trim(text.substr(0, equals));
        out.value = equals < text.size() ? common::trim(text.substr(equals + 1)) : std::string_view();
        return true;
    }
    return false;
}

// The line without that pair and one separator beside it.
std::string_view without(const Pair& pair, std::string_view line, common::Arena& arena) {
    const std::string_view before = common::trim(line.substr(0, pair.begin));
    std::string_view after = common::trim(line.substr(pair.end));
    if (after.starts_with(';')) after = common::trim(after.substr(1));
    if (after.empty())
        return before.ends_with(';') ? common::trim(before.substr(0, before.size() - 1)) : before;
    if (before.empty()) return after;
    return arena.concat({before, " ", after});
}

// The server's part of a cookie's value: before '~' in prefix mode, before the dates of maxidle otherwise.
std::string_view server_part(std::string_view value, Mode mode) {
    const auto end = value.find(mode == Mode::prefix ? '~' : '|');
    if (end == std::string_view::npos) return mode == Mode::prefix ? std::string_view() : value;
    return value.substr(0, end);
}

std::int64_t seconds(common::Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

// Notes the dates behind the server's name: "|renewed" and "|given", five digits each.
void read_dates(Exchange& exchange, std::string_view value) {
    const std::size_t first = value.find('|');
    if (first == std::string_view::npos) return;
    exchange.cookie_renewed = read_cookie_date(value.substr(first + 1));
    const std::size_t second = value.find('|', first + 1);
    if (second != std::string_view::npos) exchange.cookie_given = read_cookie_date(value.substr(second + 1));
}

// A date from the far future was not made here.
bool too_old(std::int64_t date, common::Duration limit, std::int64_t now) {
    constexpr std::int64_t kSkew = 86400;
    if (date == 0 || limit.count() == 0) return false;
    return now - date > seconds(limit) || date - now > kSkew;
}

std::int64_t wall_seconds(const Exchange& exchange) {
    return exchange.context.times.request_wall_us / 1'000'000;
}

// Notes what the cookie says: the letters are HAProxy's (manual 8.5).
void judge(Exchange& exchange, std::string_view value, bool to_any) {
    char& letter = exchange.context.termination.cookie_request;
    const CookieSettings& cookie = exchange.backend->cookie;
    const std::int64_t now = wall_seconds(exchange);
    const bool expired = too_old(exchange.cookie_renewed, cookie.maxidle, now);
    if (expired || too_old(exchange.cookie_given, cookie.maxlife, now)) {
        letter = expired ? 'E' : 'O';
        exchange.cookie_renewed = exchange.cookie_given = 0;
        return;
    }
    const std::size_t server = server_of_cookie(exchange, value);
    if (server == balance::kNone) {
        letter = 'I';
        return;
    }
    const bool up = exchange.context.backend->servers[server]->accepts_known_clients();
    letter = up ? 'V' : 'D';
    if (up || to_any) exchange.wanted = exchange.told_server = server;
}

// `to_any`: the server may be down.
void read_cookie(Exchange& exchange, bool to_any) {
    const CookieSettings& cookie = exchange.backend->cookie;
    http::Fields& fields = exchange.request.fields;
    for (std::size_t i = 0; i < fields.all().size(); ++i) {
        if (fields.all()[i].id != http::FieldId::cookie) continue;
        const std::string_view line = fields.all()[i].value;
        std::size_t at = 0;
        Pair pair;
        while (next_pair(line, at, pair)) {
            if (pair.name != cookie.name) continue;
            const std::string_view value = server_part(pair.value, cookie.mode);
            if (exchange.context.termination.cookie_request == 'N' &&
                (!value.empty() || cookie.mode != Mode::prefix)) {
                if (cookie.mode != Mode::prefix) read_dates(exchange, pair.value);
                judge(exchange, value, to_any);
            }
            if (cookie.mode == Mode::prefix && !value.empty()) {
                const std::string_view rest = pair.value.substr(value.size() + 1);
                fields.replace_value(exchange.arena, i,
                                     exchange.arena.concat({line.substr(0, pair.begin), cookie.name, "=",
                                                            rest, line.substr(pair.end)}));
                return;
            }
            if (!cookie.indirect) return;
            const std::string_view rest = without(pair, line, exchange.arena);
            if (!rest.empty()) return fields.replace_value(exchange.arena, i, rest);
            const char* const gone = line.data();
            fields.remove_if([gone](const http::Field& field) { return field.value.data() == gone; });
            return;
        }
    }
}

// The first line that holds; null: none.
const PersistRule* persist_rule(const Exchange& exchange) {
    for (const PersistRule& rule : exchange.backend->persist_rules)
        if (rule.condition.evaluate(exchange.context)) return &rule;
    return nullptr;
}

std::size_t server_of_rules(const Exchange& exchange) {
    const ProxySettings& backend = *exchange.backend;
    for (const UseServer& rule : backend.use_servers) {
        if (!rule.condition.evaluate(exchange.context)) continue;
        std::size_t server = rule.server;
        if (server == balance::kNone) {
            thread_local std::string name;
            name.clear();
            rule.name_format.render(exchange.context, name);
            const auto& servers = backend.upstream.servers;
            const auto found =
                std::ranges::find_if(servers, [&](const auto& each) { return each.name == name; });
            if (found == servers.end()) return balance::kNone;
            server = static_cast<std::size_t>(found - servers.begin());
        }
        // The first rule decides, unless its server is away: then the algorithm does.
        return exchange.context.backend->servers[server]->accepts_known_clients() ? server : balance::kNone;
    }
    return balance::kNone;
}

std::string_view attributes(const CookieSettings& cookie, common::Arena& arena) {
    std::string_view out = "; path=/";
    for (const std::string& domain : cookie.domains) out = arena.concat({out, "; domain=", domain});
    if (cookie.httponly) out = arena.concat({out, "; HttpOnly"});
    if (cookie.secure) out = arena.concat({out, "; Secure"});
    for (const std::string& attribute : cookie.attributes) out = arena.concat({out, "; ", attribute});
    return out;
}

// The server's own cookie of that name: rewritten, prefixed, or hidden. True: the server sent one.
bool change_set_cookie(Exchange& exchange, std::string_view server_cookie) {
    const CookieSettings& cookie = exchange.backend->cookie;
    http::Fields& fields = exchange.response.fields;
    char& letter = exchange.context.termination.cookie_response;
    for (std::size_t i = 0; i < fields.all().size(); ++i) {
        if (fields.all()[i].id != http::FieldId::set_cookie) continue;
        const std::string_view line = fields.all()[i].value;
        std::size_t at = 0;
        Pair pair;
        if (!next_pair(line, at, pair) || pair.name != cookie.name) continue;
        const std::string_view rest = line.substr(pair.end);
        if (cookie.mode == Mode::rewrite && !server_cookie.empty()) {
            letter = 'R';
            fields.replace_value(exchange.arena, i,
                                 exchange.arena.concat({cookie.name, "=", server_cookie, rest}));
        } else if (cookie.mode == Mode::prefix && !server_cookie.empty()) {
            letter = 'R';
            fields.replace_value(
                exchange.arena, i,
                exchange.arena.concat({cookie.name, "=", server_cookie, "~", pair.value, rest}));
        } else if (cookie.mode == Mode::insert && !cookie.preserve) {
            letter = 'D';
            const char* const gone = line.data();
            fields.remove_if([gone](const http::Field& field) { return field.value.data() == gone; });
            return false;
        } else {
            letter = 'P';
        }
        return true;
    }
    return false;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// A shared cache may keep it: it says how long it is good, or how to ask (RFC 9111 section 3), and does not
// forbid it.
bool may_be_cached(const http::Message& response) {
    bool reusable = false;
    for (const http::Field& field : response.fields.all()) {
        if (common::iequals(field.name, "cache-control")) {
            for (const std::string_view word : {"no-cache", "no-store", "private"})
                if (contains(field.value, word)) return false;
            reusable |= contains(field.value, "max-age") || contains(field.value, "s-maxage");
        }
        for (const std::string_view name : {"expires", "etag", "last-modified"})
            reusable |= common::iequals(field.name, name);
    }
    return reusable;
}

// What stands behind the server's name: when the cookie was renewed, and first given.
std::string_view dates(Exchange& exchange) {
    const CookieSettings& cookie = exchange.backend->cookie;
    if (cookie.maxidle.count() == 0 && cookie.maxlife.count() == 0) return {};
    const std::int64_t now = wall_seconds(exchange);
    std::string text = "|" + cookie_date(now + 3);
    if (cookie.maxlife.count() > 0)
        text += "|" + cookie_date(exchange.cookie_given != 0 ? exchange.cookie_given : now + 3);
    return exchange.arena.copy(text);
}

// The client's cookie names the server, but its dates want to be others.
bool wants_new_dates(const Exchange& exchange) {
    const CookieSettings& cookie = exchange.backend->cookie;
    const bool idles = cookie.maxidle.count() > 0, lives = cookie.maxlife.count() > 0;
    if ((idles || exchange.cookie_renewed != 0) && exchange.cookie_renewed < wall_seconds(exchange))
        return true;
    return lives != (exchange.cookie_given != 0);
}

void insert_cookie(Exchange& exchange, std::string_view server_cookie) {
    const CookieSettings& cookie = exchange.backend->cookie;
    common::Arena& arena = exchange.arena;
    http::Fields& fields = exchange.response.fields;
    // A server without a value of its own takes the client's away, as in HAProxy even where there is none.
    const std::string_view end =
        server_cookie.empty() ? "; Expires=Thu, 01-Jan-1970 00:00:01 GMT" : dates(exchange);
    fields.add(arena, "set-cookie",
               arena.concat({cookie.name, "=", server_cookie, end, attributes(cookie, arena)}));
    const bool known =
        exchange.told_server != balance::kNone && exchange.told_server == exchange.lease.index();
    exchange.context.termination.cookie_response = known && !server_cookie.empty() ? 'U' : 'I';
    if (cookie.nocache && may_be_cached(exchange.response)) fields.add(arena, "cache-control", "private");
}

// The server that an RDP cookie names: its address as a number in the order of a little-endian host, a dot,
// its port with the bytes exchanged.
std::size_t server_of_rdp_cookie(const Exchange& exchange) {
    rules::Sample sample;
    if (!exchange.backend->rdp_cookie->evaluate(exchange.context, sample)) return balance::kNone;
    const auto parts = common::split(sample.text, '.');
    if (parts.size() < 2) return balance::kNone;
    const auto address = common::parse_number(parts[0], 0, 0xffffffffL);
    const auto port = common::parse_number(parts[1], 0, 0xffff);
    if (!address || !port) return balance::kNone;
    const auto& servers = exchange.context.backend->servers;
    const auto found = std::ranges::find_if(servers, [&](const auto& server) {
        const common::Endpoint at = server->address();
        return at.family() == AF_INET &&
               at.v4().sin_addr.s_addr == htole32(static_cast<std::uint32_t>(*address)) &&
               at.v4().sin_port == htole16(static_cast<std::uint16_t>(*port));
    });
    if (found == servers.end()) return balance::kNone;
    const bool reachable = (*found)->accepts_known_clients() || exchange.backend->persist;
    return reachable ? static_cast<std::size_t>(found - servers.begin()) : balance::kNone;
}

}  // namespace

void note_cookie_of_denied(Exchange& exchange) {
    if (exchange.backend == nullptr || exchange.backend->cookie.name.empty()) return;
    read_cookie(exchange, false);
    if (exchange.wanted != balance::kNone)
        exchange.context.server_name = exchange.backend->upstream.servers[exchange.wanted].name;
}

void choose_server(Exchange& exchange) {
    const ProxySettings& backend = *exchange.backend;
    const std::size_t ruled = backend.use_servers.empty() ? balance::kNone : server_of_rules(exchange);
    const PersistRule* const rule = backend.persist_rules.empty() ? nullptr : persist_rule(exchange);
    exchange.ignore_persistence = rule != nullptr && !rule->force;
    if (!backend.cookie.name.empty()) {
        read_cookie(exchange, backend.persist || (rule != nullptr && rule->force));
        if (exchange.ignore_persistence) exchange.wanted = balance::kNone;
    }
    if (!backend.stick_rules.empty()) choose_by_tables(exchange);
    // As in HAProxy a rule is stronger than the cookie, and clients are not told of its choice.
    if (ruled != balance::kNone) exchange.wanted = exchange.told_server = ruled;
}

void prefer_last_server(const upstream::Kept& kept, const upstream::Backend& backend, Exchange& exchange) {
    if (exchange.wanted != balance::kNone) return;
    const std::size_t last = kept.server_of(backend);
    if (last == balance::kNone) return;
    const state::ServerState& server = *exchange.context.backend->servers[last];
    const int most = exchange.backend->max_keep_alive_queue;
    const int maxconn = server.maxconn.load(std::memory_order_relaxed);
    const bool full = maxconn > 0 && server.sessions.now() >= maxconn;
    if (server.usable() && (most == 0 || !full || server.queued.now() + 1 < most)) exchange.wanted = last;
}

void choose_tcp_server(Exchange& exchange) {
    if (!exchange.backend->use_servers.empty()) exchange.wanted = server_of_rules(exchange);
    if (exchange.wanted == balance::kNone && exchange.backend->rdp_cookie != nullptr)
        exchange.wanted = server_of_rdp_cookie(exchange);
    if (!exchange.backend->stick_rules.empty()) choose_by_tables(exchange);
}

void tell_server(Exchange& exchange) {
    store_for_response(exchange);
    const CookieSettings& cookie = exchange.backend->cookie;
    const upstream::ServerSettings* const server = exchange.lease.settings();
    const bool named = exchange.context.server != nullptr;  // not where dispatch and its kin lead
    if (cookie.name.empty() || server == nullptr || !named || !exchange.response_from_server) return;
    const std::string_view value = cookie_of(exchange, *server, *exchange.lease.server());
    const bool sent_by_server = change_set_cookie(exchange, value);
    if (cookie.mode != Mode::insert || (sent_by_server && cookie.preserve)) return;
    if (exchange.lease.index() == exchange.told_server && !wants_new_dates(exchange)) return;
    if (exchange.ignore_persistence) return;
    if (cookie.postonly && exchange.request.method != http::Method::post) return;
    insert_cookie(exchange, value);
}

}  // namespace proxyd::session
