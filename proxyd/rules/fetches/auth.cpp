// Who asks: HTTP authentication (configuration manual 7.3.6). Credentials are read from Authorization.
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/registry.h"
#include "proxyd/rules/users.h"

namespace proxyd::rules {
namespace {

struct Users final : Prepared {
    const UserList* list = nullptr;
};

// "Basic", "Bearer", ... and what follows.
bool split_authorization(const Context& context, std::string_view& scheme, std::string_view& rest) {
    if (context.request == nullptr) return false;
    const http::Field* const field = context.request->fields.find(http::FieldId::authorization);
    if (field == nullptr) return false;
    const std::string_view value = trim_blanks(field->value);
    const auto blank = std::min(value.find(' '), value.size());
    scheme = value.substr(0, blank);
    rest = trim_blanks(value.substr(blank));
    return !scheme.empty();
}

struct Credentials {
    std::string_view user, password;  // in the arena
};

// RFC 7617: base64 of "user:password".
bool read_basic(const Context& context, Credentials& out) {
    std::string_view scheme, text;
    if (context.arena == nullptr || !split_authorization(context, scheme, text)) return false;
    if (!same_text(scheme, "basic", true) || text.empty() || text.size() % 4 != 0) return false;
    const auto room = context.arena->allocate(text.size() / 4 * 3);
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(room.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return false;
    std::string_view plain(room.data(), static_cast<std::size_t>(size));
    for (auto padding = std::min<std::size_t>(2, static_cast<std::size_t>(std::ranges::count(text, '=')));
         padding > 0; --padding)
        plain.remove_suffix(1);
    const auto colon = plain.find(':');
    if (colon == std::string_view::npos) return false;
    out = {plain.substr(0, colon), plain.substr(colon + 1)};
    return true;
}

const UserList::User* authenticated(const Context& context, const Arguments& arguments, Credentials& who) {
    if (!read_basic(context, who)) return nullptr;
    return arguments.prepared<Users>(0).list->verify(who.user, who.password);
}

bool fetch_auth(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    Credentials who;
    return out.set_bool(authenticated(context, arguments, who) != nullptr), true;
}

// An acl looks at all groups of the user; elsewhere it is the user's name.
bool fetch_auth_group(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    Credentials who;
    const UserList::User* const user = cursor.index > 0 && read_basic(context, who)
                                           ? arguments.prepared<Users>(0).list->find(who.user)
                                           : authenticated(context, arguments, who);
    if (user == nullptr) return false;
    if (!cursor.iterate) return out.set_text(who.user), true;
    if (cursor.index >= user->groups.size()) return false;
    out.set_text(user->groups[cursor.index++]);
    cursor.more = cursor.index < user->groups.size();
    return true;
}

bool fetch_type(const Context& context, const Arguments&, Cursor&, Sample& out) {
    std::string_view scheme, rest;
    Credentials who;
    if (!split_authorization(context, scheme, rest)) return false;
    if (same_text(scheme, "bearer", true)) return out.set_text("Bearer"), true;
    return read_basic(context, who) && (out.set_text("Basic"), true);
}

bool fetch_user(const Context& context, const Arguments&, Cursor&, Sample& out) {
    Credentials who;
    return read_basic(context, who) && (out.set_text(who.user), true);
}

bool fetch_password(const Context& context, const Arguments&, Cursor&, Sample& out) {
    Credentials who;
    return read_basic(context, who) && (out.set_text(who.password), true);
}

// http_auth_bearer([header]): RFC 6750.
bool fetch_bearer(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::string_view scheme, token;
    if (!arguments.has(0)) {
        if (!split_authorization(context, scheme, token)) return false;
    } else {
        if (context.request == nullptr) return false;
        const auto& fields = context.request->fields.all();
        const auto field = std::ranges::find_if(
            fields, [&](const http::Field& each) { return same_text(each.name, arguments.text(0), true); });
        if (field == fields.end()) return false;
        const auto blank = std::min(field->value.find(' '), field->value.size());
        scheme = field->value.substr(0, blank);
        token = trim_blanks(field->value.substr(blank));
    }
    return same_text(scheme, "bearer", true) && !token.empty() && (out.set_text(token), true);
}

common::Result<> prepare_users(Arguments& arguments, Catalogue& catalogue) {
    auto& list = catalogue.users[std::string(arguments.text(0))];
    if (list == nullptr) list = std::make_shared<UserList>();
    if (list->mentioned.line == 0) list->mentioned = catalogue.line;
    auto users = std::make_shared<Users>();
    users->list = list.get();
    arguments.set(0, std::shared_ptr<const Prepared>(std::move(users)));
    return {};
}

constexpr ArgumentSpec kList{1, {ArgumentKind::text}};
constexpr ArgumentSpec kHeader{0, {ArgumentKind::text}};
constexpr auto kString = SampleType::string;
constexpr auto kRequest = Source::request;

constexpr std::array kRows{
    FetchRow{"http_auth", SampleType::boolean, kRequest, kList, fetch_auth,
             "true when user and password are in the list", nullptr, prepare_users},
    FetchRow{"http_auth_group", kString, kRequest, kList, fetch_auth_group,
             "the groups of the user who logged in", nullptr, prepare_users},
    FetchRow{"http_auth_type", kString, kRequest, {}, fetch_type, "Basic or Bearer"},
    FetchRow{"http_auth_user", kString, kRequest, {}, fetch_user, "the user that the client says"},
    FetchRow{"http_auth_pass", kString, kRequest, {}, fetch_password, "the password that the client says"},
    FetchRow{"http_auth_bearer", kString, kRequest, kHeader, fetch_bearer, "the bearer token"},
};

}  // namespace

std::span<const FetchRow> auth_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
