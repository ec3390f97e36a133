// Rules that change lists: add-acl, del-acl, set-map, del-map (configuration manual 4.2). What they change
// is what all ACLs and maps of that file see from then on.
#include <array>

#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

enum class Change : unsigned char { add_acl, del_acl, set_map, del_map };

class ChangeList final : public Action {
 public:
    ChangeList(PatternList& list, Change change, LogFormat key, LogFormat value)
        : list_(list), change_(change), key_(std::move(key)), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        thread_local std::string key_text, value_text;
        const std::string_view key = render(key_, context, key_text);
        switch (change_) {
            case Change::add_acl:
                list_.add_missing(key);
                break;
            case Change::del_acl:
            case Change::del_map:
                list_.remove(key);
                break;
            case Change::set_map:
                // A value that does not fit the map's type changes nothing, as in HAProxy.
                (void)list_.set_or_add(key, render(value_, context, value_text));
                break;
        }
        return true;
    }

 private:
    PatternList& list_;
    Change change_;
    LogFormat key_, value_;
};

template <Change change>
ActionPtr parse(ActionWords& words) {
    const std::string file(words.call());
    if (file.empty()) return words.refuse("'" + std::string(words.name()) + "' needs the name of a file");
    auto key = words.take_format("a key", LogUse::text);
    if (!key) return nullptr;
    LogFormat value;
    if (change == Change::set_map) {
        auto given = words.take_format("a value after the key", LogUse::text);
        if (!given) return nullptr;
        value = std::move(*given);
    }
    constexpr bool is_map = change == Change::set_map || change == Change::del_map;
    PatternList& list = words.catalogue().patterns.named(file, is_map, words.where());
    if (list.is_map() != is_map)
        return words.refuse("'" + std::string(words.name()) + "': '" + file + "' is used as a list of " +
                            (is_map ? "one column" : "two columns"));
    return std::make_shared<ChangeList>(list, change, std::move(*key), std::move(value));
}

constexpr std::array kRows{
    ActionRow{"add-acl", kInHttp, parse<Change::add_acl>, "add a pattern to an acl's file", true},
    ActionRow{"del-acl", kInHttp, parse<Change::del_acl>, "remove a pattern from an acl's file", true},
    ActionRow{"set-map", kInHttp, parse<Change::set_map>, "set or add an entry of a map", true},
    ActionRow{"del-map", kInHttp, parse<Change::del_map>, "remove an entry from a map", true},
};

}  // namespace

std::span<const ActionRow> list_actions() {
    return kRows;
}

}  // namespace proxyd::rules
