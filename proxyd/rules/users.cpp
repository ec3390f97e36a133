#include "proxyd/rules/users.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>

namespace proxyd::rules {
namespace {

// In equal time wherever the first difference is.
bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// The data of crypt_r is 32 KB: one per thread that ever checks a password.
std::string_view hashed(const std::string& password, const std::string& setting) {
    thread_local const std::unique_ptr<crypt_data> data = std::make_unique<crypt_data>();
    const char* const out = ::crypt_r(password.c_str(), setting.c_str(), data.get());
    return out == nullptr || out[0] == '*' ? std::string_view() : std::string_view(out);
}

}  // namespace

void UserList::add_group(std::string name, std::vector<std::string> users, common::Location where) {
    groups_.insert_or_assign(std::move(name), Group{std::move(users), where});
}

void UserList::complete(std::string_view own_name, common::Diagnostics& out) {
    const std::string list = "userlist '" + std::string(own_name) + "': ";
    for (const auto& [name, user] : users_)
        for (const std::string& group : user.groups)
            if (!groups_.contains(group))
                out.error(user.where, list + "no group is named '" + group + "' (user '" + name + "')");
    for (const auto& [name, group] : groups_)
        for (const std::string& member : group.users) {
            const auto user = users_.find(member);
            if (user == users_.end())
                out.error(group.where, list + "no user is named '" + member + "' (group '" + name + "')");
            else if (std::ranges::find(user->second.groups, name) == user->second.groups.end())
                user->second.groups.push_back(name);
        }
}

const UserList::User* UserList::find(std::string_view name) const {
    const auto found = users_.find(name);
    return found == users_.end() ? nullptr : &found->second;
}

const UserList::User* UserList::verify(std::string_view name, std::string_view password) const {
    const User* const user = find(name);
    if (user == nullptr || user->password.empty()) return nullptr;
    if (user->plain) return same(user->password, password) ? user : nullptr;
    return same(user->password, hashed(std::string(password), user->password)) ? user : nullptr;
}

bool usable_hash(const std::string& hash) {
    return !hash.empty() && !hashed("x", hash).empty();
}

}  // namespace proxyd::rules
