#include "proxyd/rules/arguments.h"

#include <algorithm>
#include <charconv>

#include "common/text.h"

namespace proxyd::rules {

namespace {

// Splits at commas outside quotes; takes quotes and backslashes away.
std::vector<std::string> split_arguments(std::string_view text) {
    std::vector<std::string> out(1);
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            // Only what would end the word is unescaped: a regular expression keeps its backslashes.
            const char next = text[i + 1];
            if (next != ',' && next != ')' && next != '(' && next != '"' && next != '\'' && next != '\\' &&
                next != ' ')
                out.back() += c;
            out.back() += next;
            ++i;
        } else if (quote != 0) {
            if (c == quote)
                quote = 0;
            else
                out.back() += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == ',') {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    return out;
}

std::shared_ptr<VariableSpace> space_of(const Catalogue* catalogue) {
    return catalogue != nullptr ? catalogue->variables : nullptr;
}

bool looks_like_a_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("+-0123456789") == std::string_view::npos;
}

common::Result<Argument> convert(const std::string& text, ArgumentKind kind, Catalogue* catalogue) {
    switch (kind) {
        case ArgumentKind::none:
            break;
        case ArgumentKind::text:
            return Argument(text);
        case ArgumentKind::number: {
            auto number = common::parse_number(common::trim(text), INT64_MIN, INT64_MAX);
            if (!number) return std::unexpected(number.error());
            return Argument(*number);
        }
        case ArgumentKind::proxy:
            return Argument(std::in_place_type<ProxyName>, text);
        case ArgumentKind::server: {
            const auto slash = text.find('/');
            if (slash == std::string::npos) return Argument(ServerName{std::nullopt, text});
            return Argument(ServerName{ProxyName(text.substr(0, slash)), text.substr(slash + 1)});
        }
        case ArgumentKind::address: {
            auto network = parse_network(text);
            if (!network) return std::unexpected(network.error());
            return Argument(*network);
        }
        case ArgumentKind::mask4:
        case ArgumentKind::mask6: {
            Network mask;
            mask.v6 = kind == ArgumentKind::mask6;
            if (!parse_mask(text, mask.v6, mask.mask))
                return common::fail("'" + text + "' is not a network mask", common::Side::config);
            return Argument(mask);
        }
        case ArgumentKind::expression: {
            auto regex = Regex::compile(text, false);
            if (!regex) return std::unexpected(regex.error());
            return Argument(*regex);
        }
        case ArgumentKind::value:
            if (looks_like_a_number(common::trim(text)))
                return convert(text, ArgumentKind::number, catalogue);
            [[fallthrough]];
        case ArgumentKind::variable: {
            auto name = VariableName::parse(common::trim(text), space_of(catalogue));
            if (!name) return std::unexpected(name.error());
            return Argument(std::move(*name));
        }
    }
    return Argument();
}

// Names of sections and servers are looked up when all sections are read.
void note_mention(const Argument& argument, std::string_view keyword, Catalogue* catalogue) {
    if (catalogue == nullptr) return;
    if (const auto* proxy = std::get_if<ProxyName>(&argument))
        catalogue->mentions.push_back({catalogue->line, proxy->name(), {}, std::string(keyword)});
    if (const auto* server = std::get_if<ServerName>(&argument))
        catalogue->mentions.push_back({catalogue->line,
                                       server->backend ? server->backend->name() : std::string(),
                                       server->name, std::string(keyword)});
}

}  // namespace

std::size_t ArgumentSpec::maximum() const {
    return static_cast<std::size_t>(std::ranges::find(kinds, ArgumentKind::none) - kinds.begin());
}

state::ProxyState* ProxyName::find(const Context& context) const {
    if (context.shared == nullptr) return nullptr;
    const auto& proxies = context.shared->proxies;
    const int known = index_.load(std::memory_order_relaxed);
    if (known >= 0 && static_cast<std::size_t>(known) < proxies.size())
        return proxies[static_cast<std::size_t>(known)].get();
    const auto found = std::ranges::find(proxies, name_, [](const auto& proxy) { return proxy->name; });
    if (found == proxies.end()) return nullptr;
    index_.store(static_cast<int>(found - proxies.begin()), std::memory_order_relaxed);
    return found->get();
}

state::ServerState* ServerName::find(const Context& context) const {
    state::ProxyState* const proxy = backend ? backend->find(context) : context.backend;
    if (proxy == nullptr) return nullptr;
    const auto found =
        std::ranges::find(proxy->servers, name, [](const auto& server) { return server->name; });
    return found == proxy->servers.end() ? nullptr : found->get();
}

common::Result<Arguments> Arguments::parse(std::string_view text, bool given, const ArgumentSpec& spec,
                                           std::string_view where, Catalogue* catalogue) {
    Arguments out;
    const std::size_t maximum = spec.maximum();
    const std::string word(where);
    std::vector<std::string> parts;
    if (given && !(text.empty() && spec.minimum == 0)) parts = split_arguments(text);
    if (parts.size() > maximum)
        return common::fail(
            "'" + word + "' takes " +
                (maximum == 0 ? "no argument" : "at most " + std::to_string(maximum) + " argument(s)") +
                ", but " + std::to_string(parts.size()) + " are given",
            common::Side::config);
    if (parts.size() < spec.minimum)
        return common::fail(
            "'" + word + "' needs " + std::to_string(spec.minimum) + " argument(s) in parentheses",
            common::Side::config);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].empty() && i >= spec.minimum && spec.kinds[i] != ArgumentKind::text) {
            out.values_.emplace_back();
            continue;
        }
        auto value = convert(parts[i], spec.kinds[i], catalogue);
        if (!value)
            return common::fail(
                "argument " + std::to_string(i + 1) + " of '" + word + "': " + value.error().text,
                common::Side::config);
        note_mention(*value, where, catalogue);
        out.values_.push_back(std::move(*value));
    }
    return out;
}

std::string_view Arguments::text(std::size_t i, std::string_view otherwise) const {
    return has(i) ? std::string_view(std::get<std::string>(values_[i])) : otherwise;
}

std::int64_t Arguments::number(std::size_t i, std::int64_t otherwise) const {
    return has(i) ? std::get<std::int64_t>(values_[i]) : otherwise;
}

state::ProxyState* Arguments::proxy(std::size_t i, const Context& context,
                                    state::ProxyState* otherwise) const {
    return has(i) ? std::get<ProxyName>(values_[i]).find(context) : otherwise;
}

state::ServerState* Arguments::server(std::size_t i, const Context& context) const {
    return has(i) ? std::get<ServerName>(values_[i]).find(context) : context.server;
}

bool Arguments::value(std::size_t i, const Context& context, std::int64_t& out) const {
    if (const auto* number = std::get_if<std::int64_t>(&values_[i])) {
        out = *number;
        return true;
    }
    Sample sample;
    if (!get_variable(context, std::get<VariableName>(values_[i]), sample) ||
        !cast(sample, SampleType::integer, context.arena))
        return false;
    out = sample.number;
    return true;
}

void Arguments::set(std::size_t i, Argument value) {
    if (values_.size() <= i) values_.resize(i + 1);
    values_[i] = std::move(value);
}

std::size_t closing_parenthesis(std::string_view text) {
    char quote = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\' && quote != '\'')
            ++i;
        else if (quote != 0)
            quote = text[i] == quote ? '\0' : quote;
        else if (text[i] == '"' || text[i] == '\'')
            quote = text[i];
        else if (text[i] == ')')
            return i;
    }
    return std::string_view::npos;
}

}  // namespace proxyd::rules
