// json_query(path[,int]), and the same on the parts of a JSON Web Token (configuration manual 7.3.1;
// RFC 7519). Of JSON paths the forms `$.key`, `$.key.key`, `$[0]`, `$['key']`; a dot in a key is `\\.`.
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cstdio>
#include <variant>

#include "proxyd/rules/base64url.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 32;

struct Path final : Prepared {
    std::vector<std::variant<std::string, std::size_t>> steps;
    bool as_number = false;
};

// The part of a path from '[' on. False: it does not close, or is no index.
bool parse_bracket(std::string_view& rest, Path& path) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos || close < 2) return false;
    std::string_view inner = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (inner.size() >= 2 && (inner.front() == '\'' || inner.front() == '"') &&
        inner.back() == inner.front()) {
        path.steps.emplace_back(std::string(inner.substr(1, inner.size() - 2)));
        return true;
    }
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(inner.data(), inner.data() + inner.size(), index);
    path.steps.emplace_back(index);
    return error == std::errc() && end == inner.data() + inner.size();
}

bool parse_path(std::string_view text, Path& path) {
    if (!text.starts_with('$')) return false;
    text.remove_prefix(1);
    while (!text.empty()) {
        if (text.front() == '[') {
            if (!parse_bracket(text, path)) return false;
            continue;
        }
        if (text.front() != '.') return false;
        text.remove_prefix(1);
        std::string key;
        while (!text.empty() && text.front() != '.' && text.front() != '[') {
            if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
            key += text.front();
            text.remove_prefix(1);
        }
        if (key.empty()) return false;
        path.steps.emplace_back(std::move(key));
    }
    return true;
}

const json::value* find(const json::value& root, const Path& path) {
    const json::value* at = &root;
    for (const auto& step : path.steps) {
        if (const auto* key = std::get_if<std::string>(&step)) {
            const json::object* object = at->if_object();
            at = object != nullptr ? object->if_contains(*key) : nullptr;
        } else {
            const json::array* array = at->if_array();
            const std::size_t index = std::get<std::size_t>(step);
            at = array != nullptr && index < array->size() ? &(*array)[index] : nullptr;
        }
        if (at == nullptr) return nullptr;
    }
    return at;
}

// As printf's %g, which is HAProxy's form.
std::string shown(double number) {
    std::array<char, 32> room{};
    const int size = std::snprintf(room.data(), room.size(), "%g", number);
    return {room.data(), static_cast<std::size_t>(size)};
}

bool to_sample(const Context& context, const json::value& value, bool as_number, Sample& out) {
    if (const auto* flag = value.if_bool()) return out.set_bool(*flag), true;
    if (const auto* number = value.if_int64()) return out.set_int(*number), true;
    if (const auto* number = value.if_uint64()) return out.set_int(static_cast<std::int64_t>(*number)), true;
    if (context.arena == nullptr) return false;
    std::string text;
    if (const auto* string = value.if_string())
        text.assign(string->data(), string->size());
    else if (value.is_double())
        text = shown(value.get_double());
    else if (!value.is_null())
        text = json::serialize(value);
    else
        return false;
    if (as_number) return value.is_string() && !text.empty() && (out.set_int(leading_number(text)), true);
    return out.set_text(context.arena->copy(text)), true;
}

bool query(const Context& context, std::string_view text, const Path& path, Sample& out) {
    json::error_code error;
    json::parse_options options;
    options.max_depth = kDeepest;
    const json::value root = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) return false;
    const json::value* found = find(root, path);
    return found != nullptr && to_sample(context, *found, path.as_number, out);
}

bool convert_query(const Context& context, const Arguments& arguments, Sample& sample) {
    return query(context, sample.text, arguments.prepared<Path>(0), sample);
}

template <std::size_t part>
bool convert_token(const Context& context, const Arguments& arguments, Sample& sample) {
    std::string_view rest = sample.text;
    std::string_view piece;
    for (std::size_t i = 0; i <= part; ++i) {
        const auto dot = rest.find('.');
        if (dot == std::string_view::npos) return false;  // three parts make a token
        piece = rest.substr(0, dot);
        rest.remove_prefix(dot + 1);
    }
    std::string text;
    if (context.arena == nullptr || !decode_base64url(piece, text)) return false;
    if (!arguments.has(0)) return sample.set_text(context.arena->copy(text)), true;
    return query(context, text, arguments.prepared<Path>(0), sample);
}

common::Result<> check_path(Arguments& arguments) {
    if (!arguments.has(0)) return {};
    auto path = std::make_shared<Path>();
    if (!parse_path(arguments.text(0), *path))
        return common::fail(
            "'" + std::string(arguments.text(0)) + "' is no JSON path such as $.key or $.list[0]",
            common::Side::config);
    if (arguments.has(1) && arguments.text(1) != "int")
        return common::fail("the output type can only be 'int'", common::Side::config);
    path->as_number = arguments.has(1);
    arguments.set(0, std::shared_ptr<const Prepared>(std::move(path)));
    return {};
}

constexpr auto kText = ArgumentKind::text;
constexpr auto kString = SampleType::string;

constexpr std::array kRows{
    ConverterRow{"json_query", kString, SampleType::any, ArgumentSpec{1, {kText, kText}}, convert_query,
                 "a value of a JSON text", check_path},
    ConverterRow{"jwt_header_query", kString, SampleType::any, ArgumentSpec{0, {kText, kText}},
                 convert_token<0>, "a value of a token's header", check_path},
    ConverterRow{"jwt_payload_query", kString, SampleType::any, ArgumentSpec{0, {kText, kText}},
                 convert_token<1>, "a value of a token's payload", check_path},
};

}  // namespace

std::span<const ConverterRow> json_converters() {
    return kRows;
}

}  // namespace proxyd::rules
