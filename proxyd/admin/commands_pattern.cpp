// Runtime commands on the lists of ACLs and maps (management manual 9.3): add, clear, commit, del, get,
// prepare, set, show. Each exists for acls and for maps; the kind is the template's argument.
#include <charconv>

#include "common/read_mostly.h"
#include "common/text.h"
#include "proxyd/admin/commands.h"
#include "proxyd/rules/patterns/list.h"

namespace proxyd::admin {

namespace {

using rules::PatternEntry;
using rules::PatternIndex;
using rules::PatternList;

enum class Kind : bool { acl, map };

rules::PatternStore& store(const CommandCall& call) {
    return call.context.view->model->catalogue->patterns;
}

template <Kind kind>
constexpr std::string_view kUnknown =
    kind == Kind::map ? "Unknown map identifier. Please use #<id> or <file>.\n"
                      : "Unknown ACL identifier. Please use #<id> or <file>.\n";

// "[@<version>] <list> ...": the list and what follows it.
struct Target {
    PatternList* list = nullptr;
    unsigned version = 0;  // 0: in use
    std::span<const std::string> rest;
    std::string complaint;
};

template <Kind kind>
Target find_target(const CommandCall& call) {
    Target out;
    std::span<const std::string> words = call.arguments;
    if (!words.empty() && words[0].starts_with('@')) {
        const auto version = common::parse_number(std::string_view(words[0]).substr(1), 1, UINT32_MAX);
        if (!version) {
            out.complaint = "Invalid version number.\n";
            return out;
        }
        out.version = static_cast<unsigned>(*version);
        words = words.subspan(1);
    }
    if (words.empty()) {
        out.complaint = kind == Kind::map ? "Missing map identifier.\n" : "Missing ACL identifier.\n";
        return out;
    }
    out.list = store(call).find(words[0], kind == Kind::map);
    if (out.list == nullptr) out.complaint = kUnknown<kind>;
    out.rest = words.subspan(1);
    return out;
}

void append_reference(std::string& text, const void* reference) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   reinterpret_cast<std::uintptr_t>(reference), 16)
                         .ptr;
    text.append("0x").append(digits.data(), end);
}

// "#0x7f..." as `show` prints references; null when it is none.
const void* parse_reference(std::string_view word) {
    if (!word.starts_with("#0x")) return nullptr;
    std::uintptr_t value = 0;
    const auto [end, error] = std::from_chars(word.data() + 3, word.data() + word.size(), value, 16);
    if (error != std::errc() || end != word.data() + word.size()) return nullptr;
    return reinterpret_cast<const void*>(value);
}

std::string list_all(const CommandCall& call, bool maps) {
    std::string text = "# id (file) description\n";
    for (const auto& list : store(call).all()) {
        if (list->is_map() != maps) continue;
        text += std::to_string(list->id()) + " (" + list->file() + ") " + list->description() +
                ". curr_ver=" + std::to_string(list->version()) +
                " next_ver=" + std::to_string(list->next_version()) +
                " entry_cnt=" + std::to_string(list->size()) + "\n";
    }
    return text;
}

template <Kind kind>
std::string show(const CommandCall& call) {
    if (call.arguments.empty()) return list_all(call, kind == Kind::map);
    const Target target = find_target<kind>(call);
    if (target.list == nullptr) return target.complaint;
    std::string text;
    target.list->visit(target.version, [&](const PatternEntry& entry) {
        append_reference(text, entry.reference());
        text.append(" ").append(entry.pattern);
        if (kind == Kind::map) text.append(" ").append(entry.value);
        text += '\n';
    });
    return text;
}

// What one index of the list says about a value.
template <Kind kind>
std::string answer(const PatternIndex& index, const std::string& value) {
    std::string text = "type=" + std::string(index.method->name) +
                       ", case=" + (index.flags.ignore_case ? "insensitive" : "sensitive");
    common::Arena arena;
    rules::Sample sample;
    sample.set_text(value);
    const common::ReadMostly::Reading reading;
    const PatternEntry* found =
        rules::cast(sample, index.method->input, &arena) ? index.live->match(sample) : nullptr;
    if (kind == Kind::map)
        text += found != nullptr ? ", found=yes" : ", found=no";
    else
        text += found != nullptr ? ", match=yes" : ", match=no";
    if (found == nullptr) return text + "\n";
    text += index.live->is_list() ? ", idx=list" : ", idx=tree";
    if (kind == Kind::map)
        text += ", key=\"" + found->pattern + "\", value=\"" + found->value + "\", type=\"str\"";
    else
        text += ", pattern=\"" + found->pattern + "\"";
    return text + "\n";
}

template <Kind kind>
std::string get(const CommandCall& call) {
    if (call.arguments.size() < 2)
        return kind == Kind::map ? "Missing map identifier and/or key.\n"
                                 : "Missing ACL identifier and/or key.\n";
    const Target target = find_target<kind>(call);
    if (target.list == nullptr) return target.complaint;
    std::string text;
    for (const auto& index : target.list->indexes()) text += answer<kind>(*index, call.arguments[1]);
    return text;
}

// Each line of a payload: a pattern, and for maps its value.
template <Kind kind>
std::string add_payload(PatternList& list, unsigned version, std::string_view payload) {
    for (std::string_view line : common::split(payload, '\n')) {
        line = common::trim(line);
        if (line.empty()) continue;
        const auto end = kind == Kind::map ? std::min(line.find_first_of(" \t"), line.size()) : line.size();
        const std::string_view value = common::trim(line.substr(end));
        if (kind == Kind::map && value.empty()) return "Missing value for key '" + std::string(line) + "'.\n";
        if (auto added = list.add(line.substr(0, end), value, version); !added)
            return added.error().text + "\n";
    }
    return {};
}

template <Kind kind>
std::string add(const CommandCall& call) {
    const std::string_view name = kind == Kind::map ? "map" : "acl";
    const std::size_t parameters = kind == Kind::map ? 2 : 1;
    const Target target = find_target<kind>(call);
    const bool enough = target.rest.size() >= parameters || !call.payload.empty();
    if (call.arguments.empty() || (target.list != nullptr && !enough))
        return "'add " + std::string(name) + "' expects " +
               (kind == Kind::map ? "three parameters (map identifier, key and value)"
                                  : "two parameters (ACL identifier and pattern)") +
               " or one parameter (" + (kind == Kind::map ? "map" : "ACL") + " identifier) and a payload\n";
    if (target.list == nullptr) return target.complaint;
    if (!call.payload.empty()) return add_payload<kind>(*target.list, target.version, call.payload);
    const std::string_view value = kind == Kind::map ? std::string_view(target.rest[1]) : "";
    const auto added = target.list->add(target.rest[0], value, target.version);
    return added ? std::string() : added.error().text + "\n";
}

std::string set_map(const CommandCall& call) {
    if (call.arguments.size() < 3)
        return "'set map' expects three parameters: map identifier, key and value.\n";
    PatternList* const list = store(call).find(call.arguments[0], true);
    if (list == nullptr) return std::string(kUnknown<Kind::map>);
    const std::string& key = call.arguments[1];
    if (key.starts_with('#')) {
        common::Result<> outcome;
        const void* const reference = parse_reference(key);
        if (reference == nullptr) return "Malformed identifier. Please use #<id> or <file>.\n";
        if (!list->set_reference(reference, call.arguments[2], outcome)) return "entry not found.\n";
        return outcome ? std::string() : outcome.error().text + "\n";
    }
    const auto found = list->set(key, call.arguments[2]);
    if (!found) return found.error().text + "\n";
    return *found ? std::string() : "entry not found.\n";
}

template <Kind kind>
std::string del(const CommandCall& call) {
    if (call.arguments.size() < 2)
        return kind == Kind::map ? "This command expects two parameters: map identifier and key.\n"
                                 : "This command expects two parameters: ACL identifier and key.\n";
    PatternList* const list = store(call).find(call.arguments[0], kind == Kind::map);
    if (list == nullptr) return std::string(kUnknown<kind>);
    const std::string& key = call.arguments[1];
    const void* const reference = parse_reference(key);
    const bool found = reference != nullptr ? list->remove_reference(reference) : list->remove(key);
    return found ? std::string() : "Key not found.\n";
}

template <Kind kind>
std::string clear(const CommandCall& call) {
    const Target target = find_target<kind>(call);
    if (target.list == nullptr) return target.complaint;
    target.list->clear(target.version);
    return {};
}

template <Kind kind>
std::string prepare(const CommandCall& call) {
    const Target target = find_target<kind>(call);
    if (target.list == nullptr) return target.complaint;
    return "New version created: " + std::to_string(target.list->prepare()) + "\n";
}

template <Kind kind>
std::string commit(const CommandCall& call) {
    const Target target = find_target<kind>(call);
    if (target.list == nullptr) return target.complaint;
    if (target.version == 0) return "Missing version number.\n";
    const auto committed = target.list->commit(target.version);
    return committed ? std::string() : committed.error().text + "\n";
}

constexpr auto kAcl = Kind::acl;
constexpr auto kMap = Kind::map;

constexpr std::array kRows{
    CommandRow{"add acl", "[@<ver>] <acl> <pattern>", "add an acl entry (payload supported)", Level::oper,
               add<kAcl>},
    CommandRow{"add map", "[@<ver>] <map> <key> <val>",
               "add a map entry (payload supported instead of key/val)", Level::oper, add<kMap>},
    CommandRow{"clear acl", "[@<ver>] <acl>", "clear the contents of this acl", Level::oper, clear<kAcl>},
    CommandRow{"clear map", "[@<ver>] <map>", "clear the contents of this map", Level::oper, clear<kMap>},
    CommandRow{"commit acl", "@<ver> <acl>", "commit the ACL at this version", Level::oper, commit<kAcl>},
    CommandRow{"commit map", "@<ver> <map>", "commit the map at this version", Level::oper, commit<kMap>},
    CommandRow{"del acl", "<acl> [<key>|#<ref>]", "delete acl entries matching <key>", Level::oper,
               del<kAcl>},
    CommandRow{"del map", "<map> [<key>|#<ref>]", "delete map entries matching <key>", Level::oper,
               del<kMap>},
    CommandRow{"get acl", "<acl> <value>", "report the patterns matching a sample for an ACL", Level::user,
               get<kAcl>},
    CommandRow{"get map", "<map> <value>", "report the keys and values matching a sample for a map",
               Level::user, get<kMap>},
    CommandRow{"prepare acl", "<acl>", "prepare a new version for atomic ACL replacement", Level::oper,
               prepare<kAcl>},
    CommandRow{"prepare map", "<map>", "prepare a new version for atomic map replacement", Level::oper,
               prepare<kMap>},
    CommandRow{"set map", "<map> [<key>|#<ref>] <value>", "modify a map entry", Level::oper, set_map},
    CommandRow{"show acl", "[@<ver>] [<acl>]", "report available acls or dump an acl's contents", Level::user,
               show<kAcl>},
    CommandRow{"show map", "[@<ver>] [<map>]", "report available maps or dump a map's contents", Level::user,
               show<kMap>},
};

}  // namespace

std::span<const CommandRow> pattern_commands() {
    return kRows;
}

}  // namespace proxyd::admin
