#include "proxyd/http/case_map.h"

#include <algorithm>

#include "common/text.h"
#include "proxyd/http/chars.h"

namespace proxyd::http {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// `known` is in lower case.
bool before(std::string_view known, std::string_view name) {
    return std::ranges::lexicographical_compare(known, name, {}, {}, lower);
}

}  // namespace

common::Result<> CaseMap::add(std::string_view from, std::string_view to) {
    const auto bad = [&](std::string_view why) {
        return common::fail("'" + std::string(from) + "' and '" + std::string(to) + "': " + std::string(why),
                            common::Side::config);
    };
    if (from.empty() || !all_class(from, kToken)) return bad("the first is no name of a header field");
    if (!std::ranges::equal(from, from, {}, {}, lower)) return bad("the first is to be in lower case");
    if (!common::iequals(from, to)) return bad("they may differ in upper and lower case only");
    const auto place =
        std::ranges::partition_point(names_, [&](const auto& known) { return before(known.first, from); });
    if (place != names_.end() && place->first == from) return bad("that name has a spelling already");
    names_.emplace(place, from, to);
    return {};
}

std::string_view CaseMap::spelled(std::string_view name) const {
    const auto place =
        std::ranges::partition_point(names_, [&](const auto& known) { return before(known.first, name); });
    return place != names_.end() && common::iequals(place->first, name) ? place->second : name;
}

}  // namespace proxyd::http
