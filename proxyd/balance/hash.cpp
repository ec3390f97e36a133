#include "proxyd/balance/hash.h"

#include "common/keyword_table.h"
#include "proxyd/rules/hash.h"

namespace proxyd::balance {

namespace {

struct FunctionRow {
    std::string_view name;
    std::uint32_t (*function)(std::string_view);
};
constexpr FunctionRow kFunctions[] = {{"sdbm", sdbm},
                                      {"djb2", rules::djb2},
                                      {"wt6", rules::wt6},
                                      {"crc32", rules::crc32},
                                      {"none", rules::number_of}};

}  // namespace

std::uint32_t sdbm(std::string_view key) {
    return rules::sdbm(key);
}

common::Result<HashSettings> parse_hash_type(std::span<const std::string> words) {
    const auto refuse = [](const std::string& what) { return common::fail(what, common::Side::config); };
    HashSettings settings;
    if (words.empty() || (words[0] != "map-based" && words[0] != "consistent"))
        return refuse("expects map-based or consistent" + (words.empty() ? "" : ", not '" + words[0] + "'"));
    settings.consistent = words[0] == "consistent";
    // Without a function the points of the ring would be hit unevenly by similar keys.
    settings.avalanche = settings.consistent && words.size() == 1;
    if (words.size() > 1) {
        const auto* row = common::find_row(std::span<const FunctionRow>(kFunctions), words[1]);
        if (row == nullptr)
            return refuse(
                "unknown function '" + words[1] + "'" +
                common::did_you_mean(words[1], common::row_names(std::span<const FunctionRow>(kFunctions))));
        settings.function = row->function;
    }
    if (words.size() > 2) {
        if (words[2] != "avalanche") return refuse("unknown modifier '" + words[2] + "' (avalanche)");
        settings.avalanche = true;
    }
    return settings;
}

void HashAlgorithm::set_roster(std::span<const Member> members) {
    map_.build(members);
    if (settings_.consistent) ring_.build(members);
}

std::size_t HashAlgorithm::choose(const Query& query) {
    if (map_.empty()) return kNone;
    std::optional<std::uint32_t> key = query.context != nullptr ? hash(*query.context) : std::nullopt;
    if (!key) return map_.next_in_turn(query.avoid);
    if (settings_.avalanche) key = rules::avalanche(*key);
    return settings_.consistent
               ? ring_.nearest(*key, query.avoid, settings_.balance_factor, settings_.affinity)
               : map_.by_hash(*key, query.avoid, settings_.affinity);
}

}  // namespace proxyd::balance
