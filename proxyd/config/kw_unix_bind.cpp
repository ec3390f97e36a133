// global: unix-bind, what Unix sockets of bind lines have in common (configuration manual 3.1). It holds for
// the lines after it.
#include "proxyd/config/tables.h"
#include "proxyd/config/users.h"
#include "proxyd/config/words.h"

namespace proxyd::config {
namespace {

using Word = WordRow<UnixBind>;

void set_prefix(const WordInput& word, UnixBind& bind) {
    bind.prefix = word.arguments[0];
}
void set_mode(const WordInput& word, UnixBind& bind) {
    if (!parse_file_mode(word.arguments[0], bind.mode))
        word.error("'" + word.arguments[0] + "' is not an octal file mode such as 660");
}
void set_user(const WordInput& word, UnixBind& bind) {
    bind.user = word.arguments[0];
    if (!find_user(bind.user)) word.error("there is no user '" + bind.user + "'");
}
void set_group(const WordInput& word, UnixBind& bind) {
    bind.group = word.arguments[0];
    if (!find_group(bind.group)) word.error("there is no group '" + bind.group + "'");
}
template <std::string UnixBind::* member>
void set_id(const WordInput& word, UnixBind& bind) {
    int number = 0;
    if (read_number(word, 0, 0x7fffffff, number)) bind.*member = std::to_string(number);
}

constexpr Word kWords[] = {
    {"prefix", 1, set_prefix, Effect::works, "<prefix>", "before the paths"},
    {"mode", 1, set_mode, Effect::works, "<octal>", "file mode"},
    {"user", 1, set_user, Effect::works, "<name>", "owner"},
    {"uid", 1, set_id<&UnixBind::user>, Effect::works, "<number>", "owner"},
    {"group", 1, set_group, Effect::works, "<name>", "group"},
    {"gid", 1, set_id<&UnixBind::group>, Effect::works, "<number>", "group"},
};

void set_unix_bind(Reading& in, const Statement& line) {
    read_words<UnixBind>(in, line, line.arguments(), kWords, in.unix_bind);
}

constexpr Keyword kKeywords[] = {
    works("unix-bind", kGlobal, 2, -1, set_unix_bind,
          "[prefix <p>] [mode <m>] [user <u>] [uid <n>] [group <g>] [gid <n>]", "settings of Unix sockets"),
};

}  // namespace

std::span<const Keyword> unix_bind_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
