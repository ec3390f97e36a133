#include "proxyd/rules/normalize.h"

#include <algorithm>
#include <vector>

#include "common/text.h"
#include "proxyd/rules/ascii.h"

namespace proxyd::rules {
namespace {

// A target's path, and the rest with its '?' or '#'.
struct Parts {
    std::string_view path, rest;
};
Parts split(std::string_view target) {
    const auto end = std::min(target.find_first_of("?#"), target.size());
    return {target.substr(0, end), target.substr(end)};
}

bool fragment_strip(std::string_view target, bool, std::string& out) {
    out = target.substr(0, target.find('#'));
    return true;
}

bool fragment_encode(std::string_view target, bool, std::string& out) {
    out.clear();
    for (const char c : target) c == '#' ? out += "%23" : out += c;
    return true;
}

bool merge_slashes(std::string_view target, bool, std::string& out) {
    const Parts parts = split(target);
    out.clear();
    for (const char c : parts.path)
        if (c != '/' || !out.ends_with('/')) out += c;
    out += parts.rest;
    return true;
}

// "/./a/./b/." becomes "/a/b/".
bool strip_dot(std::string_view target, bool, std::string& out) {
    const Parts parts = split(target);
    out.clear();
    std::string_view rest = parts.path;
    while (!rest.empty()) {
        const bool at_start = out.empty() || out.ends_with('/');
        if (at_start && (rest == "." || rest.starts_with("./"))) {
            rest.remove_prefix(std::min<std::size_t>(2, rest.size()));
            continue;
        }
        out += rest.front();
        rest.remove_prefix(1);
    }
    out += parts.rest;
    return true;
}

// "/a/../b" becomes "/b". What climbs above the root stays, or goes too with `full`.
bool strip_dotdot(std::string_view target, bool full, std::string& out) {
    const Parts parts = split(target);
    if (!parts.path.starts_with('/')) return out = target, true;
    std::vector<std::string_view> kept;
    std::size_t climbed = 0;  // leading ".." that stay
    bool ends_in_folder = false;
    for (const std::string_view piece : common::split(parts.path.substr(1), '/')) {
        ends_in_folder = piece == "..";
        if (piece != "..") {
            kept.push_back(piece);
        } else if (kept.size() > climbed) {
            kept.pop_back();
        } else if (!full) {
            kept.push_back(piece);
            ++climbed;
            ends_in_folder = false;
        }
    }
    out.clear();
    for (const std::string_view piece : kept) out.append("/").append(piece);
    if (ends_in_folder || out.empty()) out += '/';
    out += parts.rest;
    return true;
}

bool is_unreserved(char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// Calls `encode` with both digits of each %XX; what is no such triplet stays, unless `strict`.
template <class Encode>
bool each_triplet(std::string_view target, bool strict, std::string& out, Encode encode) {
    out.clear();
    for (std::size_t i = 0; i < target.size(); ++i) {
        const bool whole = target[i] == '%' && i + 2 < target.size() && hex_value(target[i + 1]) >= 0 &&
                           hex_value(target[i + 2]) >= 0;
        if (target[i] == '%' && !whole && strict) return false;
        if (!whole) {
            out += target[i];
            continue;
        }
        encode(target[i + 1], target[i + 2]);
        i += 2;
    }
    return true;
}

bool decode_unreserved(std::string_view target, bool strict, std::string& out) {
    return each_triplet(target, strict, out, [&](char high, char low) {
        const char c = static_cast<char>(hex_value(high) * 16 + hex_value(low));
        is_unreserved(c) ? out += c : (out += '%', out += high, out += low);
    });
}

bool to_uppercase(std::string_view target, bool strict, std::string& out) {
    return each_triplet(target, strict, out,
                        [&](char high, char low) { out += '%', out += upper(high), out += upper(low); });
}

// By the names of the parameters; those of one name keep their order.
bool sort_query(std::string_view target, bool, std::string& out) {
    const auto mark = target.find('?');
    out = target;
    if (mark == std::string_view::npos) return true;
    auto parameters = common::split(target.substr(mark + 1), '&');
    const auto name = [](std::string_view text) { return text.substr(0, text.find('=')); };
    std::ranges::stable_sort(parameters, {}, name);
    out.resize(mark);
    char separator = '?';
    for (const std::string_view parameter : parameters) {
        out += separator;
        out += parameter;
        separator = '&';
    }
    return true;
}

constexpr Normalizer kRows[] = {
    {"fragment-encode", "", fragment_encode, "'#' becomes %23"},
    {"fragment-strip", "", fragment_strip, "drops what begins with '#'"},
    {"path-merge-slashes", "", merge_slashes, "'//' becomes '/'"},
    {"path-strip-dot", "", strip_dot, "drops '/.'"},
    {"path-strip-dotdot", "full", strip_dotdot, "'/a/..' becomes '/'"},
    {"percent-decode-unreserved", "strict", decode_unreserved, "%61 becomes 'a'"},
    {"percent-to-uppercase", "strict", to_uppercase, "%2f becomes %2F"},
    {"query-sort-by-name", "", sort_query, "sorts the parameters"},
};

}  // namespace

std::span<const Normalizer> normalizers() {
    return kRows;
}

}  // namespace proxyd::rules
