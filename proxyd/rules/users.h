// The userlist sections (configuration manual 12.1): who may log in, with which password, in which groups.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnostics.h"

namespace proxyd::rules {

class UserList {
 public:
    struct User {
        std::string password;  // as crypt(3) makes it, or plain
        bool plain = false;    // insecure-password
        std::vector<std::string> groups;
        common::Location where;
    };

    // Rules may name a list that comes later in the configuration: where it is declared, and named first.
    common::Location declared, mentioned;

    // False: there is one of that name already.
    bool add(std::string name, User user) { return users_.emplace(std::move(name), std::move(user)).second; }
    void add_group(std::string name, std::vector<std::string> users, common::Location where);
    // When all is read: puts users into the groups that name them; says what is named but nowhere declared.
    void complete(std::string_view own_name, common::Diagnostics& out);

    const User* find(std::string_view name) const;

    // The user, when the password is right; null otherwise. A hash that is made slow on purpose costs its
    // time.
    const User* verify(std::string_view name, std::string_view password) const;

 private:
    struct Group {
        std::vector<std::string> users;
        common::Location where;
    };
    std::map<std::string, User, std::less<>> users_;
    std::map<std::string, Group, std::less<>> groups_;
};

// Whether crypt(3) knows the hash's method.
bool usable_hash(const std::string& hash);

using UserLists = std::map<std::string, std::shared_ptr<UserList>, std::less<>>;

}  // namespace proxyd::rules
