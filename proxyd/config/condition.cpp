#include "proxyd/config/condition.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <tuple>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/environment.h"

namespace proxyd::config {
namespace {

using common::fail;
using common::Result;
using common::Side;

// What HAProxy's builds call their parts, as far as they are here.
constexpr std::array<std::string_view, 17> kFeatures{
    "ACCEPT4",      "CPU_AFFINITY", "CRYPT_H", "EPOLL",  "GETADDRINFO", "LIBCRYPT",
    "LINUX_SPLICE", "LINUX_TPROXY", "OPENSSL", "PRCTL",  "PROMEX",      "RT",
    "SYSTEMD",      "TFO",          "THREAD",  "TPROXY", "ZLIB",
};
// What can be switched off at a start, and is on while a configuration is read.
constexpr std::array<std::string_view, 4> kEnabled{"EPOLL", "GETADDRINFO", "REUSEPORT", "SPLICE"};

// "2.4-dev19" -> (2, 4, 0, 19); a release is newer than all its development versions.
using Version = std::tuple<int, int, int, int>;
constexpr int kRelease = 1 << 20;

Result<Version> parse_version(std::string_view text) {
    std::array<int, 3> numbers{};
    std::string_view rest = text;
    for (int& number : numbers) {
        const auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (ec != std::errc() || number < 0)
            return fail("'" + std::string(text) + "' is not a version", Side::config);
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        if (!rest.starts_with('.')) break;
        rest.remove_prefix(1);
    }
    int build = kRelease;
    if (rest.starts_with("-dev")) {
        build = 0;
        std::from_chars(rest.data() + 4, rest.data() + rest.size(), build);
    }
    return Version{numbers[0], numbers[1], numbers[2], build};
}

struct Call {
    Words arguments;
    const Variables* variables;
};

Result<bool> compare_version(std::string_view have, std::string_view wanted, bool at_least) {
    const auto left = parse_version(have), right = parse_version(wanted);
    if (!left || !right) return std::unexpected((left ? right : left).error());
    return at_least ? *left >= *right : *left < *right;
}

std::string_view openssl_version() {
    std::string_view text = OpenSSL_version(OPENSSL_VERSION_STRING);
    return text.substr(0, text.find_first_of(" -+"));
}

Result<bool> defined(const Call& call) {
    return (*call.variables)(call.arguments[0]).has_value();
}
Result<bool> feature(const Call& call) {
    return std::ranges::find(kFeatures, std::string_view(call.arguments[0])) != kFeatures.end();
}
Result<bool> enabled(const Call& call) {
    return std::ranges::find(kEnabled, std::string_view(call.arguments[0])) != kEnabled.end();
}
Result<bool> streq(const Call& call) {
    return call.arguments[0] == call.arguments[1];
}
Result<bool> strneq(const Call& call) {
    return call.arguments[0] != call.arguments[1];
}
Result<bool> strstr_(const Call& call) {
    return call.arguments[0].contains(call.arguments[1]);
}
Result<bool> version_atleast(const Call& call) {
    return compare_version(kLanguageVersion, call.arguments[0], true);
}
Result<bool> version_before(const Call& call) {
    return compare_version(kLanguageVersion, call.arguments[0], false);
}
Result<bool> openssl_atleast(const Call& call) {
    return compare_version(openssl_version(), call.arguments[0], true);
}
Result<bool> openssl_before(const Call& call) {
    return compare_version(openssl_version(), call.arguments[0], false);
}
Result<bool> ssllib_starts_with(const Call& call) {
    return std::string_view(OpenSSL_version(OPENSSL_VERSION)).starts_with(call.arguments[0]);
}
Result<bool> never(const Call&) {
    return false;
}

struct Predicate {
    std::string_view name;
    std::size_t arguments;
    Result<bool> (*evaluate)(const Call&);
};

constexpr std::array kPredicates{
    Predicate{"defined", 1, defined},
    Predicate{"feature", 1, feature},
    Predicate{"streq", 2, streq},
    Predicate{"strneq", 2, strneq},
    Predicate{"strstr", 2, strstr_},
    Predicate{"version_atleast", 1, version_atleast},
    Predicate{"version_before", 1, version_before},
    Predicate{"openssl_version_atleast", 1, openssl_atleast},
    Predicate{"openssl_version_before", 1, openssl_before},
    Predicate{"ssllib_name_startswith", 1, ssllib_starts_with},
    Predicate{"awslc_api_atleast", 1, never},
    Predicate{"awslc_api_before", 1, never},
    Predicate{"enabled", 1, enabled},
};

// Recursive descent: or < and < not < term. Terms nest at most kMaxDepth deep.
class Evaluator {
 public:
    Evaluator(std::string_view text, const Variables& variables)
        : text_(text), rest_(text), variables_(variables) {}

    Result<bool> run() {
        skip_blanks();
        if (rest_.empty()) return false;
        const auto value = any(0);
        if (value && !rest_.empty())
            return unparsable("unexpected '" + std::string(rest_) + "' at the end of");
        return value;
    }

 private:
    static constexpr int kMaxDepth = 64;

    Result<bool> any(int depth) {
        Result<bool> value = all(depth);
        while (value && take("||")) {
            const Result<bool> right = all(depth);
            value = right ? Result<bool>(*value || *right) : right;
        }
        return value;
    }

    Result<bool> all(int depth) {
        Result<bool> value = term(depth);
        while (value && take("&&")) {
            const Result<bool> right = term(depth);
            value = right ? Result<bool>(*value && *right) : right;
        }
        return value;
    }

    Result<bool> term(int depth) {
        if (depth > kMaxDepth) return unparsable("too many levels in");
        if (take("!")) {
            const auto value = term(depth + 1);
            return value ? Result<bool>(!*value) : value;
        }
        if (take("(")) {
            auto value = any(depth + 1);
            if (value && !take(")")) return unparsable("missing ')' in");
            return value;
        }
        int number = 0;
        const auto [end, ec] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
        if (ec == std::errc()) {
            rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
            skip_blanks();
            return number != 0;
        }
        return predicate();
    }

    Result<bool> predicate() {
        const std::string_view name = rest_.substr(0, rest_.find_first_of("( \t)&|!"));
        const Predicate* row = common::find_row(std::span<const Predicate>(kPredicates), name);
        if (row == nullptr)
            return unparsable(
                "unknown predicate '" + std::string(name) + "'" +
                common::did_you_mean(name, common::row_names(std::span<const Predicate>(kPredicates))) +
                " in");
        rest_.remove_prefix(name.size());
        if (!rest_.starts_with('(')) return unparsable("missing '(' after '" + std::string(name) + "' in");
        rest_.remove_prefix(1);
        Call call{{}, &variables_};
        if (!read_arguments(call.arguments))
            return unparsable("expected ')' after the arguments of '" + std::string(name) + "' in");
        if (call.arguments.size() != row->arguments)
            return unparsable("'" + std::string(name) + "' takes " + std::to_string(row->arguments) +
                              " argument(s) in");
        skip_blanks();
        return row->evaluate(call);
    }

    // Up to the closing parenthesis; commas separate, quotes and backslashes protect.
    bool read_arguments(Words& arguments) {
        std::string argument;
        char quote = 0;
        for (; !rest_.empty(); rest_.remove_prefix(1)) {
            const char c = rest_.front();
            if (quote == 0 && (c == ',' || c == ')')) {
                arguments.push_back(std::move(argument));
                argument.clear();
                if (c == ',') continue;
                rest_.remove_prefix(1);
                return true;
            }
            if (c == quote) {
                quote = 0;
            } else if (quote == 0 && (c == '"' || c == '\'')) {
                quote = c;
            } else if (c == '\\' && quote != '\'' && rest_.size() > 1) {
                rest_.remove_prefix(1);
                argument += rest_.front();
            } else {
                argument += c;
            }
        }
        return false;
    }

    bool take(std::string_view token) {
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        skip_blanks();
        return true;
    }

    void skip_blanks() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }

    std::unexpected<common::Error> unparsable(std::string what) const {
        return fail(std::move(what) + " condition '" + std::string(text_) + "'", Side::config);
    }

    std::string_view text_, rest_;
    const Variables& variables_;
};

}  // namespace

std::span<const std::string_view> features() {
    return kFeatures;
}

Result<bool> evaluate_condition(std::string_view text, const Variables& variables) {
    const auto words = tokenize(text, variables);
    if (!words)
        return fail(words.error().text + " at position " + std::to_string(words.error().column) +
                        " of condition '" + std::string(text) + "'",
                    Side::config);
    std::string expression;
    for (const std::string& word : *words) {
        if (!expression.empty()) expression += ' ';
        expression += word;
    }
    return Evaluator(expression, variables).run();
}

Result<bool> evaluate_condition(std::string_view text) {
    const Environment environment = Environment::of_process();
    return evaluate_condition(text, [&](std::string_view name) { return environment.get(name); });
}

}  // namespace proxyd::config
