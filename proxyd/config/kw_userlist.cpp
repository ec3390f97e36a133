// userlist sections (configuration manual 12.1): user and group lines. What they name of each other is looked
// up when all is read.
#include "common/text.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

rules::UserList& list(Reading& in) {
    return *in.model.catalogue->users[in.section_name];
}

std::vector<std::string> names(std::string_view text) {
    std::vector<std::string> out;
    for (const std::string_view name : common::split(text, ','))
        if (!name.empty()) out.emplace_back(name);
    return out;
}

// NAME [password|insecure-password PASSWORD] [groups A,B,...]
void add_user(Reading& in, const Statement& line) {
    rules::UserList::User user;
    user.where = line.where;
    const auto words = line.arguments();
    if (words.size() % 2 == 0) return in.error(line, "'user': '" + words.back() + "' needs a word after it");
    for (std::size_t i = 1; i < words.size(); i += 2) {
        if (words[i] == "password" || words[i] == "insecure-password") {
            user.password = words[i + 1];
            user.plain = words[i] == "insecure-password";
            if (!user.plain && !rules::usable_hash(user.password))
                in.warning(line, "the password of user '" + words[0] +
                                     "' is no hash that crypt(3) knows, so nobody can log in by this name; "
                                     "write 'insecure-password' for a plain one");
        } else if (words[i] == "groups") {
            user.groups = names(words[i + 1]);
        } else {
            return in.error(line, "'user': unknown word '" + words[i] +
                                      "' (known are password, insecure-password, groups)");
        }
    }
    if (!list(in).add(words[0], std::move(user)))
        in.warning(line, "there is a user '" + words[0] + "' in this list already: the first one counts");
}

// NAME [users A,B,...]
void add_group(Reading& in, const Statement& line) {
    const auto words = line.arguments();
    if (words.size() != 1 && (words.size() != 3 || words[1] != "users"))
        return in.error(line, "'group' expects <name> [users <user>,...]");
    list(in).add_group(words[0], words.size() == 3 ? names(words[2]) : std::vector<std::string>(),
                       line.where);
}

constexpr Keyword kKeywords[] = {
    works("group", kUserlist, 1, 3, add_group, "<name> [users <user>,...]", "a group and its users"),
    works("user", kUserlist, 1, -1, add_user,
          "<name> [password|insecure-password <password>] [groups <group>,...]", "a user"),
};

}  // namespace

std::span<const Keyword> userlist_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
