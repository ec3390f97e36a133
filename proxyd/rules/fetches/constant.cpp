// Fetches whose value is known when the configuration is read (configuration manual 7.3.2 and 7.3.7).
#include <cstdlib>
#include <optional>
#include <string>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/catalogue.h"
#include "proxyd/rules/hexadecimal.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

bool fetch_true(const Context&, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(true), true;
}
bool fetch_false(const Context&, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(false), true;
}
bool fetch_bool(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    return out.set_bool(arguments.number(0) != 0), true;
}
bool fetch_int(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    return out.set_int(arguments.number(0)), true;
}
bool fetch_str(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    return out.set_text(arguments.text(0)), true;
}
bool fetch_bin(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    return out.set_binary(arguments.text(0)), true;
}
bool fetch_address(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    out.type = arguments.network(0).v6 ? SampleType::ipv6 : SampleType::ipv4;
    out.address = arguments.network(0).address;
    return true;
}
// The check replaced the name by the value, or by nothing.
bool fetch_env(const Context&, const Arguments& arguments, Cursor&, Sample& out) {
    if (!arguments.has(0)) return false;
    return out.set_text(arguments.text(0)), true;
}

common::Result<> check_bool(Arguments& arguments) {
    const std::string_view word = arguments.text(0);
    const bool is_true = same_text(word, "true", true) || word == "1";
    if (!is_true && !same_text(word, "false", true) && word != "0")
        return common::fail("'" + std::string(word) + "' is neither true nor false", common::Side::config);
    arguments.set(0, std::int64_t{is_true});
    return {};
}

common::Result<> check_bin(Arguments& arguments) {
    const std::string_view digits = arguments.text(0);
    auto bytes = from_hexadecimal(digits);
    if (!bytes)
        return common::fail("'" + std::string(digits) + "' is not an even number of hexadecimal digits",
                            common::Side::config);
    arguments.set(0, std::move(*bytes));
    return {};
}

// As the configuration sees it: setenv and its kin have changed it already.
common::Result<> prepare_env(Arguments& arguments, Catalogue& catalogue) {
    const std::string name(arguments.text(0));
    std::optional<std::string> value;
    if (catalogue.environment)
        value = catalogue.environment(name);
    else if (const char* own = std::getenv(name.c_str()); own != nullptr)
        value = own;
    arguments.set(0, value ? Argument(*value) : Argument());
    return {};
}

constexpr ArgumentSpec kText{1, {ArgumentKind::text}};
constexpr ArgumentSpec kAddress{1, {ArgumentKind::address}};

constexpr std::array kRows{
    FetchRow{"always_true", SampleType::boolean, Source::constant, {}, fetch_true, "true"},
    FetchRow{"always_false", SampleType::boolean, Source::constant, {}, fetch_false, "false"},
    FetchRow{"bool", SampleType::boolean, Source::constant, kText, fetch_bool, "the given boolean",
             check_bool},
    FetchRow{"int",
             SampleType::integer,
             Source::constant,
             {1, {ArgumentKind::number}},
             fetch_int,
             "the given number"},
    FetchRow{"str", SampleType::string, Source::constant, kText, fetch_str, "the given string"},
    FetchRow{"bin", SampleType::binary, Source::constant, kText, fetch_bin, "the given bytes, hexadecimal",
             check_bin},
    FetchRow{"meth", SampleType::string, Source::constant, kText, fetch_str, "the given HTTP method"},
    FetchRow{"ipv4", SampleType::ipv4, Source::constant, kAddress, fetch_address, "the given address"},
    FetchRow{"ipv6", SampleType::ipv6, Source::constant, kAddress, fetch_address, "the given address"},
    FetchRow{"env", SampleType::string, Source::constant, kText, fetch_env, "an environment variable",
             nullptr, prepare_env},
};

}  // namespace

std::span<const FetchRow> constant_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
